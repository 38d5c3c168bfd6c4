//! Who may do what, written out by hand.

use std::collections::BTreeSet;

use room::{Action, Role};

/// A row for each action, a column for each role; `x` means that the role may do it.
const RIGHTS: &str = "
                       admin host owner moderator speaker listener guest
AdministerUsers          x    .     .       .        .       .       .
InviteUsers              x    .     .       .        .       .       .
ManageApiKeys            x    .     .       .        .       .       .
ReadAudit                x    .     .       .        .       .       .
ReviewReports            x    .     .       .        .       .       .
ViewOverview             x    .     .       .        .       .       .
ManageJobs               x    .     .       .        .       .       .
ManageStationWebhooks    x    .     .       .        .       .       .
CreateBroadcast          x    x     x       .        .       .       .
ManageOwnWebhooks        x    x     x       .        .       .       .
KeepOwnApiKeys           x    x     x       .        .       .       .
KeepAccount              x    x     x       x        x       x       .
EditBroadcast            x    .     x       .        .       .       .
DeleteBroadcast          x    .     x       .        .       .       .
StartBroadcast           x    .     x       .        .       .       .
EndBroadcast             x    .     x       .        .       .       .
RecordBroadcast          x    .     x       .        .       .       .
SeeStreamKey             x    .     x       .        .       .       .
RotateStreamKey          x    .     x       .        .       .       .
Publish                  x    .     x       .        .       .       .
HearPreview              x    .     x       .        .       .       .
ViewStats                x    .     x       x        .       .       .
ClipRecording            x    .     x       x        .       .       .
ManageMembers            x    .     x       .        .       .       .
MintTokens               x    .     x       .        .       .       .
Block                    x    .     x       x        .       .       .
Remove                   x    .     x       x        .       .       .
Mute                     x    .     x       x        .       .       .
InviteToStage            x    .     x       x        .       .       .
PinMessage               x    .     x       x        .       .       .
DeleteMessage            x    .     x       x        .       .       .
KeepRules                x    .     x       x        .       .       .
AskTheRoom               x    .     x       .        .       .       .
Speak                    x    .     x       x        x       .       .
RaiseHand                x    x     x       x        x       x       .
Chat                     x    x     x       x        x       x       .
React                    x    x     x       x        x       x       x
Join                     x    x     x       x        x       x       x
Report                   x    x     x       x        x       x       x
";

#[test]
fn every_role_may_what_the_table_says_and_nothing_else() {
    let mut rows = RIGHTS.lines().filter(|line| !line.is_empty()).map(str::split_whitespace);
    let roles: Vec<Role> = rows.next().unwrap().map(|name| name.parse().unwrap()).collect();
    assert_eq!(roles.len(), Role::ALL.len());
    let mut seen = BTreeSet::new();
    for mut row in rows {
        let name = row.next().unwrap();
        let action = Action::ALL.into_iter().find(|action| format!("{action:?}") == name);
        let action = action.unwrap_or_else(|| panic!("there is no action {name}"));
        let marks: Vec<&str> = row.collect();
        assert_eq!(marks.len(), roles.len(), "{name}");
        for (role, mark) in roles.iter().zip(marks) {
            assert_eq!(role.may(action), mark == "x", "{role} {name}");
        }
        assert!(seen.insert(name), "{name} stands twice");
    }
    assert_eq!(seen.len(), Action::ALL.len(), "an action has no row");
}
