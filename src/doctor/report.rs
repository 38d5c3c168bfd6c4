//! Findings, one line each.

use std::fmt;

/// How a check ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Works, and may not for long or for all.
    Warn,
    /// Does not work.
    Fail,
}

/// One check.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// What was checked.
    pub check: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do; none when all is well.
    pub advice: Option<String>,
}

/// All findings of a visit, in their order.
#[derive(Clone, Debug, Default)]
pub struct Report {
    findings: Vec<Finding>,
}

impl Report {
    /// A check that went well.
    pub fn ok(&mut self, check: &'static str, found: impl Into<String>) {
        self.push(check, Verdict::Ok, found.into(), None);
    }

    /// A check that works, with what to do all the same.
    pub fn warn(&mut self, check: &'static str, found: impl Into<String>, advice: impl Into<String>) {
        self.push(check, Verdict::Warn, found.into(), Some(advice.into()));
    }

    /// A check that failed, with what to do.
    pub fn fail(&mut self, check: &'static str, found: impl Into<String>, advice: impl Into<String>) {
        self.push(check, Verdict::Fail, found.into(), Some(advice.into()));
    }

    /// A rule: what was found where it holds, what is wrong where it does not.
    pub fn rule(&mut self, check: &'static str, outcome: Result<String, String>, advice: &str) {
        match outcome {
            Ok(found) => self.ok(check, found),
            Err(wrong) => self.fail(check, wrong, advice),
        }
    }

    /// Whether something fails.
    pub fn fails(&self) -> bool {
        self.findings.iter().any(|finding| finding.verdict == Verdict::Fail)
    }

    /// The findings.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    fn push(&mut self, check: &'static str, verdict: Verdict, found: String, advice: Option<String>) {
        self.findings.push(Finding { check, verdict, found, advice });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for finding in &self.findings {
            let verdict = match finding.verdict {
                Verdict::Ok => "ok  ",
                Verdict::Warn => "warn",
                Verdict::Fail => "FAIL",
            };
            write!(f, "{verdict}  {}: {}", finding.check, one_line(&finding.found))?;
            if let Some(advice) = &finding.advice {
                write!(f, " -> {advice}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// What a stranger's server says may hold line ends and control characters.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_a_line_a_check_and_fails_with_one_of_them() {
        let mut report = Report::default();
        report.ok("clock", "2026");
        report.warn("space", "1 GB free", "make room");
        assert!(!report.fails());
        report.fail("port", "taken\nby another", "stop it");
        assert!(report.fails());
        assert_eq!(
            report.to_string(),
            "ok    clock: 2026\nwarn  space: 1 GB free -> make room\nFAIL  port: taken by another -> stop it\n"
        );
    }
}
