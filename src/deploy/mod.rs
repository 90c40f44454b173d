//! Takes a render, makes Azure equal to it over REST: asks the state, does what differs, waits, proves.
//!
//! The only module with a network. Decides nothing that the render decides: the plan (`render::Plan`) says what
//! there is to do. It prints nothing and reads no files but a build context: `World` brings the environment, `Event`s go
//! out.
//!
//! Read `deployment` for the order of things, `state` for what is asked, `stage` for one deployment, `bake`,
//! `image_builder` and `build` for what takes long, `preflight` and `quota` for the table before the first write, `removal` for
//! what goes; `http`, `credential`, `resource_manager` and `error` for how Azure is talked to.

mod bake;
mod batch_service;
mod build;
mod cloud;
mod console;
mod context;
mod credential;
mod deployment;
mod error;
mod event;
mod failure;
mod http;
mod image;
mod image_builder;
mod import;
mod preflight;
mod quota;
mod registry;
mod removal;
mod render;
mod resource_manager;
mod retire;
mod stage;
mod state;
mod verify;
mod what_if;

pub(crate) use cloud::Cloud;
pub(crate) use deployment::Modes;
pub(crate) use deployment::{Ended, Request, deploy};
pub(crate) use event::Event;
pub(crate) use event::{Outcome, Verdict};
pub(crate) use failure::{Failure, FailureKind};
pub(crate) use render::DeployableRender;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

/// Reads a file of a path.
pub(crate) type ReadFile = dyn Fn(&str) -> Result<String, String> + Send + Sync;
/// Writes a text to a path.
pub(crate) type KeepFile = dyn Fn(&Path, &str) -> Result<(), String> + Send + Sync;

/// What a deployment may know and do besides talking to Azure.
pub(crate) struct World {
    /// The environment.
    pub variables: BTreeMap<String, String>,
    /// Seconds since 1970 when the program started.
    pub now: u64,
    /// When that was.
    pub started: Instant,
    /// Reads a file as text, or says why not.
    pub read: Box<ReadFile>,
    /// Keeps a file beside the render, or says why not.
    pub keep: Box<KeepFile>,
    /// Asks the user yes or no.
    pub ask: Box<dyn Fn(&str) -> bool + Send + Sync>,
    /// Takes what happens.
    pub report: Box<dyn Fn(Event) + Send + Sync>,
    /// PEM of the authorities to trust instead of the system's.
    pub authorities: Option<Vec<u8>>,
    /// The cloud, instead of the one of the region.
    pub cloud: Option<Cloud>,
    /// The longest pause between two looks at something that takes its time.
    pub longest_look: Duration,
}

impl World {
    /// A variable of the environment that is set and not empty.
    fn variable(&self, name: &str) -> Option<String> {
        self.variables.get(name).filter(|value| !value.is_empty()).cloned()
    }

    fn read(&self, path: &str) -> Result<String, String> {
        (self.read)(path)
    }

    fn report(&self, event: Event) {
        (self.report)(event);
    }

    fn note(&self, text: impl Into<String>) {
        self.report(Event::Note { text: text.into() });
    }
}
