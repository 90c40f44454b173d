use std::fmt::{self, Write as _};
use std::ops::{Add, Deref};
use std::sync::{Arc, OnceLock};

use super::compare;
use super::origin::Origin;
use crate::arm::evaluate::Evaluated;
use crate::catalog::mutability::{self, Verdict};
use crate::catalog::{Lifecycle, StageName};
use crate::expand::Resource;

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    /// The deployment fails.
    Refused,
    /// No longer rendered.
    Delete,
    /// A new resource or a new name.
    Replace,
    /// Batch takes it only while the pool has no nodes.
    EmptyPool,
    /// New beside the one that it succeeds, which stays until it is retired.
    Beside,
    /// New.
    Create,
    /// Made anew for the next bake, after which the deployment removes it.
    Rebake,
    /// Updated where it stands.
    Modify,
    /// Gone with the bake that it was made for.
    Retire,
    /// The same.
    NoChange,
}

impl Action {
    /// Every action, in the order of a report.
    pub const ALL: [Self; 10] = [
        Self::Refused,
        Self::Delete,
        Self::Replace,
        Self::EmptyPool,
        Self::Beside,
        Self::Create,
        Self::Rebake,
        Self::Modify,
        Self::Retire,
        Self::NoChange,
    ];

    /// The sign that stands before the resource: those of what-if, Terraform's for a replacement.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Refused => "x",
            Self::Delete | Self::Retire => "-",
            Self::Replace => "-/+",
            Self::EmptyPool => "!",
            Self::Create | Self::Beside => "+",
            Self::Modify | Self::Rebake => "~",
            Self::NoChange => "=",
        }
    }

    /// The words that follow a count: `2 to replace`.
    pub fn counted(self, count: usize) -> &'static str {
        match self {
            Self::EmptyPool if count == 1 => "needs an empty pool",
            Self::Beside if count == 1 => "new next to the old one",
            Self::Refused => "refused",
            Self::Delete => "to delete",
            Self::Replace => "to replace",
            Self::EmptyPool => "need an empty pool",
            Self::Beside => "new next to the old ones",
            Self::Create => "to create",
            Self::Rebake => "recreated for the next bake",
            Self::Retire => "deleted after the bake",
            Self::Modify => "to modify",
            Self::NoChange => "unchanged",
        }
    }

    /// Its name in reports for machines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Delete => "delete",
            Self::Replace => "replace",
            Self::EmptyPool => "emptyPool",
            Self::Beside => "beside",
            Self::Create => "create",
            Self::Rebake => "rebake",
            Self::Modify => "modify",
            Self::Retire => "retire",
            Self::NoChange => "noChange",
        }
    }

    /// Whether the change loses work, data or access, or will fail.
    pub fn is_dangerous(self) -> bool {
        matches!(self, Self::Refused | Self::Delete | Self::Replace | Self::EmptyPool)
    }

    pub(super) fn rank(self) -> usize {
        Self::ALL.iter().position(|action| *action == self).unwrap_or(Self::ALL.len())
    }
}

/// One step of the path to a property.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Segment {
    /// A property of an object.
    Property(String),
    /// An element known by its name, the value of a set, or the key that identifies it.
    Named(String),
    /// An element known by its position.
    Index(usize),
}

/// A path as text: `properties.subnets[pool].properties.addressPrefix`.
pub fn path_text(path: &[Segment]) -> String {
    let mut text = String::new();
    for segment in path {
        match segment {
            Segment::Property(name) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(name);
            }
            Segment::Named(name) => {
                let _ = write!(text, "[{name}]");
            }
            Segment::Index(index) => {
                let _ = write!(text, "[{index}]");
            }
        }
    }
    text
}

/// What happens to a property, in the words of what-if.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub enum PropertyChangeType {
    /// Set where nothing was.
    Create,
    /// Gone, so Azure resets it.
    Delete,
    /// Another value.
    Modify,
    /// Azure makes no difference.
    NoEffect,
}

/// One property that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct PropertyChange {
    /// Where in the body.
    pub path: Vec<Segment>,
    /// What happens to it.
    pub change: PropertyChangeType,
    /// The previous value; a secret is replaced by a note.
    pub before: Option<Evaluated>,
    /// The new value; a secret is replaced by a note.
    pub after: Option<Evaluated>,
    /// What Azure does.
    pub verdict: Verdict,
    /// It interrupts running work.
    pub interrupts: bool,
    /// The event after which the change holds.
    pub event: Option<String>,
    /// Azure's error code, of a refusal.
    pub code: Option<String>,
    /// What happens.
    pub effect: String,
    /// What to do.
    pub advice: String,
    /// How well the verdict is known.
    pub confidence: String,
    /// Where the verdict is known from.
    pub source: String,
    /// The day on which that was last looked up, as `YYYY-MM-DD`; empty where no table tells the verdict.
    pub checked: String,
    /// It is gone from the render, so Azure resets it.
    pub reset: bool,
    /// What Azure resets a vanished property to, where it is known.
    pub reset_to: Option<Evaluated>,
    /// The lines that it comes from.
    pub origin: Origin,
    /// When it holds, in a few words, if a new resource has it and nothing that exists changes.
    pub anew: Option<&'static str>,
    /// Refused only while something uses it.
    pub(super) in_use: bool,
}

/// How a resource that has another id is the successor of an old one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pairing {
    /// The same resource.
    Same,
    /// Another name, parent or scope.
    Renamed,
    /// A version or a definition of an image beside an earlier one of the same gallery.
    NextVersion,
    /// A pool beside the old one, whose ids differ in the digest of their immutable part.
    BlueGreen {
        /// The id without its digest.
        base: String,
    },
}

/// How a resource that left the render goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Removal {
    /// The deployment has removed it, or removes it when it ends.
    ByDeployment,
    /// The deployment removes it when it is asked to retire what a new pool succeeds.
    WhenRetired,
    /// Somebody deletes it.
    ByHand,
    /// It stays, because something in the new render needs it.
    StillNeeded,
}

/// One resource before and after.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceChange {
    /// What happens.
    pub action: Action,
    /// How long a resource of its stage lasts.
    pub lifecycle: Lifecycle,
    /// How the old one goes, if it leaves the render.
    pub removal: Option<Removal>,
    /// The worst verdict of its properties.
    pub verdict: Verdict,
    /// The stage that deploys it.
    pub stage: StageName,
    /// Its type.
    pub kind: String,
    /// Its full name, the new one if it changes.
    pub name: String,
    /// What people call it: the last part of its name, or what a role assignment allows.
    pub title: String,
    /// Its id, the new one if it changes.
    pub id: String,
    /// How old and new belong together.
    pub pairing: Pairing,
    /// As it was; nothing for an unchanged one.
    pub before: Option<Redacted>,
    /// As it will be; nothing for an unchanged one.
    pub after: Option<Redacted>,
    /// What differs, the worst first.
    pub properties: Vec<PropertyChange>,
    /// What differs in the text only.
    pub noise: Noise,
    /// The lines that it comes from.
    pub origin: Origin,
    /// What happens if it is deployed as it is.
    pub consequence: String,
    /// What to do instead.
    pub advice: String,
    /// The rule that tells its story, `DIF001`; empty when nothing is to tell.
    pub rule: &'static str,
}

/// A resource as it may be shown: without its secrets, which are taken out when somebody first looks.
#[derive(Clone)]
pub struct Redacted {
    whole: Arc<Resource>,
    without_secrets: OnceLock<Resource>,
}

impl Redacted {
    pub(super) fn new(resource: &Arc<Resource>) -> Self {
        Self { whole: Arc::clone(resource), without_secrets: OnceLock::new() }
    }

    /// With its secrets.
    pub(super) fn whole(&self) -> &Resource {
        &self.whole
    }
}

impl Deref for Redacted {
    type Target = Resource;

    fn deref(&self) -> &Resource {
        if !mutability::hides(&self.whole.kind) {
            return &self.whole;
        }
        self.without_secrets.get_or_init(|| {
            let facts = mutability::facts(&self.whole.kind);
            let body = compare::shown_object(facts, &self.whole.body);
            Resource { body, ..Resource::clone(&self.whole) }
        })
    }
}

impl fmt::Debug for Redacted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

impl PartialEq for Redacted {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl ResourceChange {
    /// Whether it is of this type.
    pub fn is(&self, kind: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind)
    }
}

/// Differences of the text that make none in Azure, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Noise {
    /// Objects whose keys come in another order.
    pub key_order: usize,
    /// Arrays of a meaningless order that come in another.
    pub set_order: usize,
    /// Empty here, absent there.
    pub empty: usize,
    /// Written here, left to the same default there.
    pub defaults: usize,
    /// Ids, enums and sizes in another letter case.
    pub letter_case: usize,
    /// Durations, white space, region and image names written differently.
    pub formatting: usize,
    /// Properties that Azure fills in.
    pub read_only: usize,
    /// Resources asked for with another API version.
    pub api_version: usize,
}

impl Noise {
    /// All together.
    pub fn total(self) -> usize {
        self.kinds().iter().map(|(_, count)| count).sum()
    }

    /// Each kind with its words.
    pub fn kinds(self) -> [(&'static str, usize); 8] {
        [
            ("key order", self.key_order),
            ("order of a set", self.set_order),
            ("empty or absent", self.empty),
            ("equal to the default", self.defaults),
            ("letter case", self.letter_case),
            ("formatting", self.formatting),
            ("read-only", self.read_only),
            ("API version", self.api_version),
        ]
    }
}

impl Add for Noise {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            key_order: self.key_order + other.key_order,
            set_order: self.set_order + other.set_order,
            empty: self.empty + other.empty,
            defaults: self.defaults + other.defaults,
            letter_case: self.letter_case + other.letter_case,
            formatting: self.formatting + other.formatting,
            read_only: self.read_only + other.read_only,
            api_version: self.api_version + other.api_version,
        }
    }
}
