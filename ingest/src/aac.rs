//! AAC as publishers announce it.

pub mod config;

pub use config::{AudioSpecificConfig, ConfigError};
