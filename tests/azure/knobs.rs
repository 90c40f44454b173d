//! How this Azure behaves, as far as a test may choose.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

/// How a bake ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BakeEnd {
    Succeeded,
    /// In its last step.
    Failed,
    /// It goes on for ever.
    Never,
    /// The VM stops without a result.
    Halted,
    /// The kernel writes into the first copy of the result.
    GarbledOnce,
    /// The kernel writes into every copy of the result, and the VM stops.
    Garbled,
    /// The result is that of another bake.
    Foreign,
    /// The console never has a line.
    Silent,
}

/// How a build of a registry ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildEnd {
    Succeeded,
    Failed,
    /// It runs for ever.
    Never,
    /// It succeeds, and pushes nothing.
    Unpushed,
}

/// Everything that can be chosen. The default is an Azure in which all goes well at once.
#[expect(clippy::struct_excessive_bools, reason = "each is chosen on its own")]
#[derive(Debug, Clone)]
pub struct Knobs {
    /// How long a long-running operation takes, and each resource of a deployment.
    pub operation: Duration,
    /// `Retry-After` of a running operation, in seconds.
    pub retry_after: u64,
    /// Life of an access token, in seconds of the cloud's clock.
    pub token_seconds: u64,
    /// Life of a pipeline's assertion, in seconds of the cloud's clock.
    pub assertion_seconds: u64,
    /// What the cloud's clock gains at each look at the console.
    pub console_step: Duration,
    /// The steps of a bake; each look at the console shows one more.
    pub bake_steps: Vec<String>,
    pub bake: BakeEnd,
    /// Looks before the console's blob exists.
    pub silent_looks: usize,
    pub build: BuildEnd,
    /// How long a build takes.
    pub build_time: Duration,
    pub image_builder: BuildEnd,
    /// Whether the caller may read the storage of Image Builder's staging group.
    pub staging_rights: bool,
    /// Whether a machine stays on although its bake has published a success.
    pub stays_on: bool,
    /// States of resource providers that are not `Registered`.
    pub providers: BTreeMap<String, String>,
    /// Family to used and allowed cores of the subscription.
    pub usages: BTreeMap<String, (u64, u64)>,
    /// Sizes that the subscription may not use, with the reason.
    pub restricted_sizes: BTreeMap<String, String>,
    /// Sizes that the region does not offer.
    pub missing_sizes: Vec<String>,
    /// Family to cores of a new Batch account; `None` where the account lists no quota.
    pub batch_quota: Option<BTreeMap<String, u64>>,
    /// Batch accounts that the subscription may have in a region.
    pub batch_accounts: u64,
    /// Global names that others have taken.
    pub taken_names: Vec<String>,
    /// What the caller may do; ARM's `actions` and `notActions`.
    pub actions: Vec<String>,
    pub not_actions: Vec<String>,
    /// Whether the caller may read and write the repositories of an ABAC registry.
    pub repository_rights: bool,
    /// Whether the registry's firewall lets the caller in.
    pub registry_reachable: bool,
    /// Errors of resource types: the creation of such a resource fails with it, this many times.
    pub failing_types: Vec<(String, Value, usize)>,
    /// Exit code of a task; `None` where its container does not start.
    pub task_exit: Option<i64>,
    /// Whether a task never gets a node.
    pub task_waits: bool,
    /// Looks at a running task before it ends.
    pub task_looks: usize,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            operation: Duration::from_millis(5),
            retry_after: 0,
            token_seconds: 3_600,
            assertion_seconds: 300,
            console_step: Duration::ZERO,
            bake_steps: ["prepare", "docker", "images"].map(str::to_owned).to_vec(),
            bake: BakeEnd::Succeeded,
            silent_looks: 1,
            build: BuildEnd::Succeeded,
            build_time: Duration::from_millis(5),
            image_builder: BuildEnd::Succeeded,
            staging_rights: true,
            stays_on: false,
            providers: BTreeMap::new(),
            usages: BTreeMap::new(),
            restricted_sizes: BTreeMap::new(),
            missing_sizes: Vec::new(),
            batch_quota: Some(BTreeMap::new()),
            batch_accounts: 3,
            taken_names: Vec::new(),
            actions: vec!["*".to_owned()],
            not_actions: Vec::new(),
            repository_rights: true,
            registry_reachable: true,
            failing_types: Vec::new(),
            task_exit: Some(0),
            task_waits: false,
            task_looks: 2,
        }
    }
}
