//! The settings as people read them: `.env.example`, the README's table and `--print-config`.

use std::fmt::Write;

use super::table::{Preset, Secrecy, Setting, TABLE};
use super::values::Values;
use crate::logs::REDACTED;

/// `.env.example`: every setting, explained and commented out, with its default.
pub fn env_example() -> String {
    let mut text = String::from(
        "# Every setting of OnAir with its default. Copy this file to `.env` and take the # off the lines\n\
         # that you change. `onair serve --print-config` shows what is in force and where it came from.\n",
    );
    for setting in TABLE {
        let allowed = setting.kind.allowed();
        let (default, note) = match setting.default {
            Preset::Is(value) => (value, String::new()),
            Preset::Unset(what) => ("", format!(" Without it: {what}.")),
        };
        push(&mut text, format_args!("\n# {}.\n# Use {allowed}.{note}\n", setting.help));
        push(&mut text, format_args!("#{}={default}\n", setting.env));
    }
    text
}

/// The README's table of settings, in Markdown.
pub fn markdown_table() -> String {
    let mut text = String::from(
        "| environment | flag | `onair.toml` | default | what it does | takes | also read as |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for Setting { env, flag, toml, default, aliases, kind, help, .. } in TABLE {
        let default = match default {
            Preset::Is(value) => format!("`{value}`"),
            Preset::Unset(what) => (*what).to_owned(),
        };
        let aliases: Vec<String> = aliases.iter().map(|alias| format!("`{alias}`")).collect();
        let aliases = aliases.join(", ");
        let allowed = kind.allowed();
        push(
            &mut text,
            format_args!(
                "| `{env}` | `--{flag}` | `{toml}` | {default} | {help} | {allowed} | {aliases} |\n"
            ),
        );
    }
    text
}

/// `document` with whatever stands between the markers replaced by [`markdown_table`].
/// `None` where a marker is missing.
pub fn with_table(document: &str) -> Option<String> {
    let (before, rest) = document.split_once(TABLE_BEGINS)?;
    let (_, after) = rest.split_once(TABLE_ENDS)?;
    Some(format!("{before}{TABLE_BEGINS}\n{}{TABLE_ENDS}{after}", markdown_table()))
}

/// What is in force, as a configuration file that says where each value came from. Secrets are masked.
pub fn print_config(values: &Values) -> String {
    let mut text = String::new();
    let mut open = "";
    for setting in TABLE {
        let (section, name) = setting.toml.split_once('.').unwrap_or(("", setting.toml));
        if section != open {
            let gap = if open.is_empty() { "" } else { "\n" };
            push(&mut text, format_args!("{gap}[{section}]\n"));
            open = section;
        }
        match (values.get(setting.key), setting.default) {
            (Some(value), _) => {
                let shown = match setting.secrecy {
                    Secrecy::Open => value.text.as_str(),
                    Secrecy::Secret => REDACTED,
                };
                let shown = toml::Value::from(shown);
                push(&mut text, format_args!("{name} = {shown}  # {}\n", value.origin()));
            }
            (None, Preset::Unset(what)) => push(&mut text, format_args!("# {name} is not set: {what}\n")),
            (None, Preset::Is(_)) => unreachable!("a setting with a default has a value"),
        }
    }
    text
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing into a String cannot fail");
}

/// Stands before the table in the README.
pub const TABLE_BEGINS: &str = "<!-- settings -->";
/// Stands after the table in the README.
pub const TABLE_ENDS: &str = "<!-- /settings -->";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_goes_between_its_markers_and_nowhere_else() {
        let made = with_table("a\n<!-- settings -->\nstale\n<!-- /settings -->\nb\n").unwrap();
        assert!(made.starts_with("a\n<!-- settings -->\n| environment |"));
        assert!(made.ends_with("|\n<!-- /settings -->\nb\n"));
        assert!(!made.contains("stale"));
        assert_eq!(with_table(&made).as_deref(), Some(made.as_str()));
        assert_eq!(with_table("no markers"), None);
    }

    #[test]
    fn a_cell_never_holds_a_bar_that_would_split_it() {
        for line in markdown_table().lines() {
            assert_eq!(line.matches('|').count(), 8, "{line}");
        }
    }
}
