use serde::{Serialize, Serializer};

/// What `diff --detailed-exitcode` says. Of several configs the last one of this order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DetailedExit {
    /// No change.
    Unchanged,
    /// Changes.
    Changed,
    /// Changes that lose work, data or access, or that will fail.
    Dangerous,
    /// An error, whatever else changes.
    Error,
}

impl DetailedExit {
    /// The exit code: as of `terraform plan`, an error is 1 and a change is 2.
    pub fn code(self) -> u8 {
        match self {
            Self::Unchanged => 0,
            Self::Error => 1,
            Self::Changed => 2,
            Self::Dangerous => 3,
        }
    }
}

impl Serialize for DetailedExit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.code())
    }
}
