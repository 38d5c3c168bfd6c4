DROP TABLE audit_log;
DROP TABLE invitations;
DROP TABLE api_keys;
DROP TABLE refresh_tokens;
DROP TABLE user_terms;
DROP TABLE users;
