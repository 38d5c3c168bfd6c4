//! The rules of a room: roles, and what each may do.
