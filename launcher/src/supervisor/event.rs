//! What happens to a device, each kind with a stable MESSAGE_ID (sd-journal's
//! name for "the same kind of event", which tools can search for).

/// A kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A component was proved confined and runs.
    Started,
    /// A component says that it is ready.
    Ready,
    /// A component could not be started.
    StartFailed,
    /// A component ended.
    Exited,
    /// A component will be started again.
    Restarting,
    /// A component is given up.
    GivenUp,
    /// A component was silent past its watchdog time.
    WatchdogExpired,
    /// What is in force differs from the plan.
    Different,
    /// What is in force is as planned again.
    SameAgain,
    /// A channel goes to its readers.
    ChannelOpened,
    /// A channel was refused, or a component lost its control socket.
    ChannelRefused,
    /// The device is ready.
    DeviceReady,
    /// A layer is absent.
    LayerAbsent,
    /// SELinux does not stand any more as it did at the start.
    EnforcementLost,
    /// SELinux stands again as it did at the start.
    EnforcementBack,
    /// Something of an earlier supervisor was cleaned up.
    Leftover,
    /// Output of a component was dropped.
    Suppressed,
    /// The device is being stopped.
    Stopping,
    /// Nothing of the device is left.
    Stopped,
}

impl Kind {
    /// 128 random bits per kind; never changed once released.
    pub const fn message_id(self) -> &'static str {
        match self {
            Self::Started => "5b1f0d7a6c3e4f9d8a27c1e4b0935d61",
            Self::Ready => "c06a93e1f7d24b58b3d59a1e82f4c770",
            Self::StartFailed => "e9d27b40538f4c16a1b08f3cd7625e94",
            Self::Exited => "27f4c8b9d15a4e63905be76a3c81f02d",
            Self::Restarting => "8ac35f1e04b74d92b6e0d713f95a284c",
            Self::GivenUp => "f13d6a9270cb4e85a84f25d9e1b6037c",
            Self::WatchdogExpired => "3e905c7b82f64a1d97d1b4e60fa8c253",
            Self::Different => "b7204ed1593c4f8ab5f6908e1d73ca42",
            Self::SameAgain => "a4c6d9137be2485fb0913e5dc7f8201b",
            Self::ChannelOpened => "60fd8e2b71a94c35a9e3d7045b1c86f2",
            Self::ChannelRefused => "d48b17c63fe9402d8c70a5be92f1634e",
            Self::DeviceReady => "19c7e5a0f2d84b6396db038f4ae157c2",
            Self::LayerAbsent => "a26ef9034c1b47d5b0f83d27e96c518a",
            Self::EnforcementLost => "c85e07b2f94d4d1e8b63a0f7d912e45c",
            Self::EnforcementBack => "31d9f6a4e7b84c50927ce8b5043fd16a",
            Self::Leftover => "7dc4012f95eb4a388e6b1c9f30d7a5e4",
            Self::Suppressed => "4f93b6d8e0a1427cb25d86ea17c0f39b",
            Self::Stopping => "0be8d25f6a7c41938fd4ce1b9520a763",
            Self::Stopped => "925ac31d7fe04b6ea8b7f02e4d1963c5",
        }
    }

    /// syslog(3): 3 error, 4 warning, 6 information.
    pub const fn priority(self) -> u8 {
        match self {
            Self::StartFailed | Self::GivenUp | Self::Different | Self::ChannelRefused => 3,
            Self::EnforcementLost => 3,
            Self::WatchdogExpired | Self::Restarting | Self::LayerAbsent => 4,
            Self::Leftover | Self::Suppressed => 4,
            _ => 6,
        }
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What kind.
    pub kind: Kind,
    /// The component it concerns.
    pub component: Option<String>,
    /// One sentence without the component's name.
    pub text: String,
}

impl Event {
    /// An event of the device.
    pub fn device(kind: Kind, text: impl Into<String>) -> Self {
        Self {
            kind,
            component: None,
            text: text.into(),
        }
    }

    /// An event of a component.
    pub fn of(component: &str, kind: Kind, text: impl Into<String>) -> Self {
        Self {
            kind,
            component: Some(component.to_owned()),
            text: text.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn message_ids_are_distinct_and_of_128_bits() {
        let kinds = [
            Kind::Started,
            Kind::Ready,
            Kind::StartFailed,
            Kind::Exited,
            Kind::Restarting,
            Kind::GivenUp,
            Kind::WatchdogExpired,
            Kind::Different,
            Kind::SameAgain,
            Kind::ChannelOpened,
            Kind::ChannelRefused,
            Kind::DeviceReady,
            Kind::LayerAbsent,
            Kind::EnforcementLost,
            Kind::EnforcementBack,
            Kind::Leftover,
            Kind::Suppressed,
            Kind::Stopping,
            Kind::Stopped,
        ];
        let ids: BTreeSet<&str> = kinds.iter().map(|kind| kind.message_id()).collect();
        assert_eq!(ids.len(), kinds.len());
        let hex = |id: &&str| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit());
        assert!(ids.iter().all(hex));
    }
}
