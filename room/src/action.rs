//! What can be done, and by whom.

use crate::Role;
use crate::Role::{Admin, Guest, Host, Listener, Moderator, Owner, Speaker};

/// Something that not everybody may do.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Action {
    /// See every account, change roles, suspend.
    AdministerUsers,
    /// Invite people to register where registration is by invitation.
    InviteUsers,
    /// Make, list and revoke API keys.
    ManageApiKeys,
    /// Read the audit log.
    ReadAudit,
    /// Work through the reports of abuse.
    ReviewReports,
    /// See everything that is on air, with its publishers and its sound.
    ViewOverview,
    /// See what the station has to do, and have it tried again.
    ManageJobs,
    /// Webhooks that hear about every broadcast.
    ManageStationWebhooks,
    /// Make a broadcast.
    CreateBroadcast,
    /// Webhooks that hear about the broadcasts of whoever makes them.
    ManageOwnWebhooks,
    /// Make API keys that do what a host does, and revoke them.
    KeepOwnApiKeys,
    /// Change one's own profile and password, follow hosts, read notifications.
    KeepAccount,

    /// Change a broadcast's title, settings and cover.
    EditBroadcast,
    /// Delete a broadcast.
    DeleteBroadcast,
    /// Put a broadcast on air.
    StartBroadcast,
    /// Take a broadcast off the air.
    EndBroadcast,
    /// Start and stop its recording; cut, publish and delete what was recorded.
    RecordBroadcast,
    /// Make clips of its recordings.
    ClipRecording,
    /// Read its stream key and the addresses that carry it.
    SeeStreamKey,
    /// Give it a new stream key.
    RotateStreamKey,
    /// Send its programme by WHIP, without a stream key.
    Publish,
    /// Hear it before it starts.
    HearPreview,
    /// See how it is heard: listeners, bitrate, loudness.
    ViewStats,
    /// Name moderators, speakers, and who may hear a private broadcast.
    ManageMembers,
    /// Hand out room tokens to others.
    MintTokens,

    /// Block somebody from a broadcast, and lift it.
    Block,
    /// Put somebody out of the room.
    Remove,
    /// Mute somebody on stage.
    Mute,
    /// Bring somebody on stage, and send them off it.
    InviteToStage,
    /// Pin a message.
    PinMessage,
    /// Delete somebody's message.
    DeleteMessage,
    /// Decide how the room is kept: slow mode, links, who may write.
    KeepRules,
    /// Open and close polls and the queue of questions.
    AskTheRoom,

    /// Be heard.
    Speak,
    /// Ask to be brought on stage.
    RaiseHand,
    /// Write a message.
    Chat,
    /// Send a reaction.
    React,
    /// Listen, and be in the room.
    Join,
    /// Report abuse.
    Report,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 39] = [
        Self::AdministerUsers,
        Self::InviteUsers,
        Self::ManageApiKeys,
        Self::ReadAudit,
        Self::ReviewReports,
        Self::ViewOverview,
        Self::ManageJobs,
        Self::ManageStationWebhooks,
        Self::CreateBroadcast,
        Self::ManageOwnWebhooks,
        Self::KeepOwnApiKeys,
        Self::KeepAccount,
        Self::EditBroadcast,
        Self::DeleteBroadcast,
        Self::StartBroadcast,
        Self::EndBroadcast,
        Self::RecordBroadcast,
        Self::ClipRecording,
        Self::SeeStreamKey,
        Self::RotateStreamKey,
        Self::Publish,
        Self::HearPreview,
        Self::ViewStats,
        Self::ManageMembers,
        Self::MintTokens,
        Self::Block,
        Self::Remove,
        Self::Mute,
        Self::InviteToStage,
        Self::PinMessage,
        Self::DeleteMessage,
        Self::KeepRules,
        Self::AskTheRoom,
        Self::Speak,
        Self::RaiseHand,
        Self::Chat,
        Self::React,
        Self::Join,
        Self::Report,
    ];

    /// The table: who may do it.
    const fn roles(self) -> &'static [Role] {
        match self {
            Self::AdministerUsers
            | Self::InviteUsers
            | Self::ManageApiKeys
            | Self::ReadAudit
            | Self::ReviewReports
            | Self::ViewOverview
            | Self::ManageJobs
            | Self::ManageStationWebhooks => &[Admin],
            // Who owns a broadcast is a host.
            Self::CreateBroadcast | Self::ManageOwnWebhooks | Self::KeepOwnApiKeys => &[Admin, Host, Owner],
            Self::KeepAccount | Self::Chat | Self::RaiseHand => {
                &[Admin, Host, Owner, Moderator, Speaker, Listener]
            }
            Self::EditBroadcast
            | Self::DeleteBroadcast
            | Self::StartBroadcast
            | Self::EndBroadcast
            | Self::RecordBroadcast
            | Self::SeeStreamKey
            | Self::RotateStreamKey
            | Self::Publish
            | Self::HearPreview
            | Self::ManageMembers
            | Self::MintTokens
            | Self::AskTheRoom => &[Admin, Owner],
            Self::ViewStats
            | Self::ClipRecording
            | Self::Block
            | Self::Remove
            | Self::Mute
            | Self::InviteToStage
            | Self::PinMessage
            | Self::DeleteMessage
            | Self::KeepRules => &[Admin, Owner, Moderator],
            Self::Speak => &[Admin, Owner, Moderator, Speaker],
            Self::React | Self::Join | Self::Report => {
                &[Admin, Host, Owner, Moderator, Speaker, Listener, Guest]
            }
        }
    }
}

impl Role {
    /// May somebody in this role do it? For what happens in a broadcast, ask the role that
    /// [`Role::within`] tells.
    pub fn may(self, action: Action) -> bool {
        action.roles().contains(&self)
    }
}
