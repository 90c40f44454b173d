//! The order of a deployment: who and where, how things stand, the table before the first write, then what differs.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};

use super::World;
use super::build::BuildState;
use super::cloud::Cloud;
use super::credential::Session;
use super::event::{Event, Outcome};
use super::failure::Failure;
use super::http::Http;
use super::image::ImageState;
use super::render::DeployableRender;
use super::resource_manager::Azure;
use super::state::{RESOURCES, StageState};
use crate::expand::Resource;
use crate::render::{Part, Plan, PlannedStage};

const SUBSCRIPTIONS: &str = "2022-12-01";

/// Which parts a deployment covers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is asked for on its own")]
pub(crate) struct Modes {
    /// Everything up to the image version.
    pub image: bool,
    /// The account and its pools.
    pub batch: bool,
    /// Only tell what would change.
    pub what_if: bool,
    /// Run a task on each pool.
    pub verify: bool,
    /// Remove what a bake and a verification left.
    pub clean_up: bool,
    /// Drain and remove the pools that others replaced.
    pub retire_old: bool,
}

/// What is asked of a deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Request {
    /// Which parts.
    pub modes: Modes,
    /// Folder of the config; images are built from it.
    pub source: PathBuf,
    /// The one pool that is verified or retired.
    pub pool: Option<String>,
    /// How long `--retire-old` waits for the tasks that run on a pool.
    pub drain: Duration,
}

/// How a deployment ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Azure was equal to the render already.
    Unchanged,
    /// Azure is equal to the render now.
    Deployed,
    /// Something was left as it is, as the notes say.
    Different,
}

/// What the parts of one deployment share.
pub(super) struct Deployment<'a> {
    pub(super) azure: &'a Azure<'a>,
    pub(super) world: &'a World,
    pub(super) render: &'a DeployableRender,
    pub(super) plan: &'a Plan,
    pub(super) request: &'a Request,
    pub(super) subscription: String,
    /// Path of the resource group.
    pub(super) group: String,
    pub(super) resources: Vec<Resource>,
    ended: Mutex<Ended>,
}

/// How everything that the request covers stands, before anything is written.
pub(super) struct Survey {
    pub(super) group: Option<Value>,
    pub(super) stages: Vec<(PlannedStage, StageState)>,
    pub(super) builds: Vec<BuildState>,
    pub(super) image: Option<ImageState>,
}

impl Survey {
    /// Whether nothing has to be written.
    fn is_current(&self) -> bool {
        self.group.is_some()
            && self.stages.iter().all(|(_, state)| *state == StageState::Current)
            && self.builds.iter().all(BuildState::is_there)
            && self.image.as_ref().is_none_or(ImageState::is_current)
    }
}

/// Makes Azure equal to a render.
pub(crate) fn deploy(
    render: &DeployableRender,
    request: &Request,
    world: &World,
) -> Result<Ended, Failure> {
    let plan = &render.plan;
    let http = Http::new(world.authorities.as_deref(), world.longest_look)?;
    let cloud = match &world.cloud {
        Some(cloud) => cloud.clone(),
        None => Cloud::of_catalog(&plan.cloud).ok_or_else(|| {
            Failure::input(
                format!("unknown cloud `{}`", plan.cloud),
                "the catalog does not contain its endpoints",
            )
            .help("pass its endpoints with `--cloud FILE`")
        })?,
    };
    let asked = plan.subscription.clone().or_else(|| world.variable("AZURE_SUBSCRIPTION_ID"));
    let session = Session::open(world, &http, &cloud, asked.as_deref())?;
    let azure = Azure { http: &http, session: &session, cloud: &cloud };
    let subscription = subscription(&azure, plan, asked)?;
    world.report(Event::Started {
        subscription: subscription.clone(),
        resource_group: plan.resource_group.clone(),
        login: session.source.words().to_owned(),
    });
    let deployment = Deployment {
        azure: &azure,
        world,
        render,
        plan,
        request,
        group: format!("/subscriptions/{subscription}/resourceGroups/{}", plan.resource_group),
        resources: render.resources(&subscription),
        subscription,
        ended: Mutex::new(Ended::Unchanged),
    };
    deployment.run()?;
    Ok(deployment.ended())
}

/// The subscription that the render, the environment or the login names, if the login may use it.
fn subscription(azure: &Azure<'_>, plan: &Plan, asked: Option<String>) -> Result<String, Failure> {
    let chosen = asked.or_else(|| azure.session.subscription.clone());
    let id = match chosen {
        Some(id) => id,
        None => only_subscription(azure)?,
    };
    let answer = azure.get(&format!("/subscriptions/{id}"), SUBSCRIPTIONS);
    let wrong = |why: String| {
        let failure = Failure::input(format!("subscription `{id}` cannot be used"), why);
        if plan.subscription.is_some() {
            return failure.help(
                "log in with an account that has access to it, or correct `subscription` in the config",
            );
        }
        failure.help(
            "correct `AZURE_SUBSCRIPTION_ID`, or log in with an account that has access to it",
        )
    };
    let found = match answer {
        Ok(Some(found)) => found,
        Ok(None) => {
            return Err(wrong("it does not exist, or the login has no access to it".to_owned()));
        }
        Err(error) if matches!(error.status(), 400 | 401 | 403 | 404) => {
            return Err(wrong(error.failure("").reason));
        }
        Err(error) => return Err(error.failure("Azure returned no state of the subscription")),
    };
    match found.get("state").and_then(Value::as_str) {
        None | Some("Enabled" | "PastDue" | "Warned") => Ok(id),
        Some(state) => Err(wrong(format!("its state is {state}"))),
    }
}

fn only_subscription(azure: &Azure<'_>) -> Result<String, Failure> {
    let listed = azure
        .list("/subscriptions", SUBSCRIPTIONS)
        .map_err(|error| error.failure("the subscriptions of the login cannot be listed"))?;
    let ids: Vec<String> = listed
        .unwrap_or_default()
        .iter()
        .filter_map(|one| Some(one.get("subscriptionId")?.as_str()?.to_owned()))
        .collect();
    match ids.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Failure::input(
            "the login has no access to any subscription",
            "the list of its subscriptions is empty",
        )
        .help("ask for a role in the subscription, such as `Contributor` on the resource group")),
        many => Err(Failure::input(
            "the target subscription is unknown",
            format!("the login has access to {}: {}", many.len(), many.join(", ")),
        )
        .help("set `subscription` in the config, or `AZURE_SUBSCRIPTION_ID`")),
    }
}

fn is_being_deleted(group: Option<&Value>) -> bool {
    let state = group.and_then(|group| group.pointer("/properties/provisioningState")?.as_str());
    state == Some("Deleting")
}

impl Deployment<'_> {
    fn run(&self) -> Result<(), Failure> {
        let modes = self.request.modes;
        if modes.what_if {
            return self.what_if();
        }
        if modes.clean_up {
            return self.clean_up();
        }
        if modes.image || modes.batch {
            let survey = self.survey()?;
            if survey.is_current() {
                self.tell_current(&survey);
            } else {
                self.preflight(&survey)?;
                self.make_equal(&survey)?;
            }
        }
        if modes.verify {
            self.verify()?;
        }
        if modes.retire_old {
            self.retire_old()?;
        }
        Ok(())
    }

    /// Asks how everything stands; writes nothing.
    fn survey(&self) -> Result<Survey, Failure> {
        let group = self.azure.get(&self.group, RESOURCES).map_err(|error| {
            error.failure(&format!("group `{}` cannot be read", self.plan.resource_group))
        })?;
        if is_being_deleted(group.as_ref()) {
            return Err(Failure::azure(
                format!("group `{}` is being deleted", self.plan.resource_group),
                "Azure refuses deployments to it",
            )
            .help("wait until it is deleted, then run the same command again"));
        }
        let history = if group.is_some() { self.history()? } else { Vec::new() };
        let mut survey = Survey { group, stages: Vec::new(), builds: Vec::new(), image: None };
        for stage in self.declared_stages() {
            let state = if survey.group.is_none() {
                StageState::Differs("the resource group does not exist".to_owned())
            } else {
                self.stage_state(stage, &history)?
            };
            survey.stages.push((stage.clone(), state));
        }
        if self.request.modes.image {
            survey.builds = self.build_states(survey.group.as_ref())?;
            survey.image = self.image_state(survey.group.as_ref(), &history)?;
        }
        if self.request.modes.batch && survey.image.is_none() {
            self.need_image_version()?;
        }
        Ok(survey)
    }

    /// The stages that are deployed whenever they differ: those of a bake follow the image version instead.
    fn declared_stages(&self) -> impl Iterator<Item = &PlannedStage> {
        let modes = self.request.modes;
        self.plan.stages.iter().filter(move |stage| match stage.part {
            Part::Image => modes.image && !stage.name.is_of_bake(),
            Part::Batch => modes.batch,
        })
    }

    fn tell_current(&self, survey: &Survey) {
        for (stage, _) in &survey.stages {
            self.world.report(Event::Done {
                step: format!("stage {}", stage.name),
                outcome: Outcome::Unchanged,
                detail: String::new(),
            });
        }
        for build in &survey.builds {
            self.world.report(Event::Done {
                step: build.work.step(),
                outcome: Outcome::Unchanged,
                detail: String::new(),
            });
        }
        if let Some(image) = &survey.image {
            self.world.report(Event::Done {
                step: "image".to_owned(),
                outcome: Outcome::Unchanged,
                detail: image.version.clone(),
            });
        }
    }

    fn make_equal(&self, survey: &Survey) -> Result<(), Failure> {
        if survey.group.is_none() {
            self.create_group()?;
        }
        for (stage, state) in survey.stages.iter().filter(|(stage, _)| stage.part == Part::Image) {
            self.make_current(stage, state.clone())?;
        }
        self.make_builds(&survey.builds)?;
        if let Some(image) = &survey.image {
            self.make_image(image)?;
        }
        for (stage, state) in survey.stages.iter().filter(|(stage, _)| stage.part == Part::Batch) {
            self.make_current(stage, state.clone())?;
        }
        Ok(())
    }

    fn create_group(&self) -> Result<(), Failure> {
        let step = format!("resource group {}", self.plan.resource_group);
        self.world.report(Event::Step { step: step.clone() });
        let mut body = json!({ "location": self.plan.location });
        if !self.plan.tags.is_empty() {
            body["tags"] = json!(self.plan.tags);
        }
        self.azure
            .send("PUT", &self.group, RESOURCES, Some(&body))
            .map_err(|error| error.failure(&format!("{step} cannot be created")))?;
        self.done(&step, Outcome::Deployed, "");
        Ok(())
    }

    /// The path of a resource of the group.
    pub(super) fn resource(&self, kind: &str, name: &str) -> String {
        format!("{}/providers/{kind}/{name}", self.group)
    }

    pub(super) fn progress(&self, step: &str, detail: impl Into<String>) {
        self.world.report(Event::Progress { step: step.to_owned(), detail: detail.into() });
    }

    pub(super) fn done(&self, step: &str, outcome: Outcome, detail: &str) {
        if !matches!(outcome, Outcome::Unchanged | Outcome::Good) {
            let mut ended = self.lock();
            if *ended == Ended::Unchanged {
                *ended = Ended::Deployed;
            }
        }
        self.world.report(Event::Done {
            step: step.to_owned(),
            outcome,
            detail: detail.to_owned(),
        });
    }

    /// Says what is left as it is, so that the deployment does not end as equal.
    pub(super) fn leave(&self, text: impl Into<String>) {
        *self.lock() = Ended::Different;
        self.world.note(text);
    }

    fn ended(&self) -> Ended {
        *self.lock()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Ended> {
        self.ended.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
