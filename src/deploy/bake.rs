//! The bake on a VM: started, followed on its serial console, captured.
//!
//! What a run that goes on needs to know stands on the VM: the tag of its bake, and the one of its success. The console
//! is a blob that `retrieveBootDiagnosticsData` names
//! (<https://learn.microsoft.com/rest/api/compute/virtual-machines/retrieve-boot-diagnostics-data>).

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::console::{self, BakeResult, Console};
use super::deployment::Deployment;
use super::event::Event;
use super::failure::Failure;
use super::http::{Call, Patience};
use super::state::tags;
use crate::catalog::{self, Date, Stage};
use crate::render::{BAKE_TAG, PlannedBake};

/// What a bake leaves beside its render.
const RESULT_FILE: &str = "bake-result.json";
const LOG_FILE: &str = "bake.log";
/// Tag of a VM whose bake succeeded.
const RESULT_TAG: &str = "prebake-result";
const SUCCEEDED: &str = "succeeded";
const STEP: &str = "bake";
/// Looks at the console of a VM that is stopped, until it counts as silent: the blob is written with a delay.
const SILENT_LOOKS: u32 = 8;
const OPERATION: Duration = Duration::from_secs(3600);
/// From the result on the console to the power-off.
const POWER_OFF: Duration = Duration::from_secs(900);

/// What is seen of a builder.
struct Builder {
    value: Value,
    power: String,
    generalized: bool,
    failed: bool,
}

impl Builder {
    fn read(value: Value) -> Self {
        let statuses = value.pointer("/properties/instanceView/statuses").and_then(Value::as_array);
        let codes: Vec<String> = statuses
            .into_iter()
            .flatten()
            .filter_map(|status| Some(status.get("code")?.as_str()?.to_lowercase()))
            .collect();
        let power = codes
            .iter()
            .find_map(|code| code.strip_prefix("powerstate/"))
            .unwrap_or_default()
            .to_owned();
        let generalized = codes.iter().any(|code| code == "osstate/generalized");
        let failed = value.pointer("/properties/provisioningState").and_then(Value::as_str)
            == Some("Failed");
        Self { value, power, generalized, failed }
    }

    fn tag(&self, name: &str) -> Option<String> {
        Some(tags(&self.value).get(name)?.as_str()?.to_owned())
    }

    /// Whether the machine is off: what the bake did, it has done.
    fn is_stopped(&self) -> bool {
        matches!(self.power.as_str(), "stopped" | "deallocated")
    }

    /// Whether it is off or on its way there.
    fn is_going_down(&self) -> bool {
        self.is_stopped() || matches!(self.power.as_str(), "stopping" | "deallocating")
    }
}

/// What a wait has seen of a bake.
#[derive(Default)]
struct Seen {
    /// Steps that were told.
    steps: usize,
    /// Looks at a machine that is going down without a result.
    silent: u32,
    /// The console as it was last read.
    log: Vec<u8>,
    /// The end of the log of the step that failed.
    failed_lines: Vec<String>,
}

impl Deployment<'_> {
    /// Makes the builder, waits for its bake and generalizes it; goes on where an earlier run stopped.
    pub(super) fn bake(&self) -> Result<(), Failure> {
        let Some(bake) = &self.plan.bake else { return Ok(()) };
        let stage = self.plan.stage(Stage::Builder).ok_or_else(|| {
            Failure::input(
                "the deployment plan has no stage `builder`",
                "the bake needs this stage",
            )
            .help("render it again")
        })?;
        let mut builder = self.builder(bake, Patience::Some)?;
        if let Some(found) = &builder
            && !self.is_own(bake, found)?
        {
            builder = None;
        }
        let ready = |builder: &Builder| {
            builder.generalized || builder.tag(RESULT_TAG).as_deref() == Some(SUCCEEDED)
        };
        if !builder.as_ref().is_some_and(ready) {
            let history = self.history()?;
            let name = super::state::deployment_name(self.plan, stage);
            let made = self
                .latest(Stage::Builder, &history)
                .is_some_and(|past| past.name == name && past.state == "Succeeded");
            let age = builder.as_ref().map_or(Duration::ZERO, |builder| self.age(builder));
            if builder.is_none() || !made {
                self.deploy_stage(stage, "a bake needs a builder VM")?;
            }
            self.wait_for_bake(bake, age)?;
        }
        self.capture(bake)
    }

    fn builder_path(&self, bake: &PlannedBake) -> String {
        self.resource("Microsoft.Compute/virtualMachines", &bake.vm)
    }

    fn builder_api(&self, bake: &PlannedBake) -> String {
        let own = self.resources.iter().find(|resource| {
            resource.kind.eq_ignore_ascii_case("Microsoft.Compute/virtualMachines")
                && resource.name == bake.vm
                && !resource.existing
        });
        let known = || {
            catalog::api_version("Microsoft.Compute/virtualMachines").unwrap_or_default().to_owned()
        };
        own.map_or_else(known, |resource| resource.api_version.clone())
    }

    fn builder(&self, bake: &PlannedBake, patience: Patience) -> Result<Option<Builder>, Failure> {
        let path = format!("{}?$expand=instanceView", self.builder_path(bake));
        let found = self.azure.get_with(&path, &self.builder_api(bake), patience);
        let found =
            found.map_err(|error| error.failure(&format!("builder {} cannot be read", bake.vm)))?;
        Ok(found.map(Builder::read))
    }

    /// Whether the builder is this render's. One of another bake is removed when the user agrees, and ends the
    /// deployment otherwise.
    fn is_own(&self, bake: &PlannedBake, builder: &Builder) -> Result<bool, Failure> {
        let other = match builder.tag(BAKE_TAG) {
            Some(id) if id == bake.id => return Ok(true),
            Some(id) => format!("bake {id}"),
            None => "an unknown bake".to_owned(),
        };
        let question = format!("Builder {} belongs to {other}. Delete it?", bake.vm);
        if (self.world.ask)(&question) {
            self.remove_all(bake)?;
            return Ok(false);
        }
        let why = format!("it belongs to {other}, but this render bakes {}", bake.id);
        Err(Failure::azure(format!("builder {} belongs to another bake", bake.vm), why).help(
            "wait for the other bake, or delete its builder by running the command with `--yes`",
        ))
    }

    /// Waits for the result. The time limit counts from the creation of the builder, whoever waits for it.
    fn wait_for_bake(&self, bake: &PlannedBake, age: Duration) -> Result<(), Failure> {
        let minutes = u64::from(bake.timeout_minutes);
        self.world.report(Event::Step { step: STEP.to_owned() });
        self.progress(STEP, format!("on {}, at most {minutes} minutes", bake.vm));
        let left = Duration::from_secs(minutes * 60).saturating_sub(age);
        // A result that is there already is found however late it is looked for.
        let end = Instant::now() + left.max(self.azure.http.longest_look * SILENT_LOOKS);
        let mut seen = Seen::default();
        let result = self
            .azure
            .http
            .watch(end, |patience| self.look_at_bake(bake, end, patience, &mut seen))?;
        if let Some(result) = result {
            return self.take_result(bake, &result, &seen);
        }
        let why = format!("it did not report a result within {minutes} minutes of its creation");
        Err(self.without_result(bake, &why, &seen.log).help(
            "if the bake only needs more time, increase `builder.timeoutMinutes`, and render it again",
        ))
    }

    fn look_at_bake(
        &self,
        bake: &PlannedBake,
        end: Instant,
        patience: Patience,
        seen: &mut Seen,
    ) -> Result<Option<BakeResult>, Failure> {
        let Some(builder) = self.builder(bake, patience)? else {
            return Err(Failure::azure(
                format!("builder {} no longer exists", bake.vm),
                "it was deleted during the bake",
            )
            .help("run the same command again to start over"));
        };
        let (console, bytes) = self.read_console(bake, end)?;
        if !bytes.is_empty() {
            seen.log = bytes;
        }
        for step in console.steps.iter().skip(seen.steps) {
            self.progress(
                STEP,
                match step.state.as_str() {
                    "started" => format!("{} ...", step.name),
                    state => format!("{} {state} after {} s", step.name, step.seconds),
                },
            );
        }
        seen.steps = seen.steps.max(console.steps.len());
        if console.result.is_some() {
            seen.failed_lines = console.log;
            return Ok(console.result);
        }
        if builder.failed && !builder.is_going_down() && builder.power != "running" {
            return Err(self.without_result(bake, "Azure could not start it", &seen.log));
        }
        if builder.is_going_down() {
            seen.silent += 1;
            if seen.silent >= SILENT_LOOKS {
                let why = format!("it is {} and did not report a result", builder.power);
                return Err(self.without_result(bake, &why, &seen.log));
            }
        }
        Ok(None)
    }

    /// The console so far; nothing before Azure has it. What passes is asked again with the next look.
    fn read_console(
        &self,
        bake: &PlannedBake,
        end: Instant,
    ) -> Result<(Console, Vec<u8>), Failure> {
        let path = format!("{}/retrieveBootDiagnosticsData", self.builder_path(bake));
        let links = match self.azure.post(&path, &self.builder_api(bake), None) {
            Ok(links) => links,
            // A VM that starts or stops answers 409, and one that is gone shows in the next look.
            Err(error) if error.passes() || matches!(error.status(), 404 | 409) => {
                return Ok(<_>::default());
            }
            Err(error) => {
                return Err(
                    error.failure(&format!("the serial console of {} cannot be read", bake.vm))
                );
            }
        };
        let Some(url) = links.get("serialConsoleLogBlobUri").and_then(Value::as_str) else {
            return Ok(<_>::default());
        };
        // The link carries its own right to read: no token goes to storage.
        let answer = self.azure.http.send(
            &Call::new("GET", url),
            Patience::Until(end.min(Instant::now() + Duration::from_secs(30))),
        );
        match answer {
            Ok(answer) if answer.is_success() => Ok((console::read(&answer.bytes), answer.bytes)),
            _ => Ok(<_>::default()),
        }
    }

    fn take_result(
        &self,
        bake: &PlannedBake,
        result: &BakeResult,
        seen: &Seen,
    ) -> Result<(), Failure> {
        if result.bake_id != bake.id {
            let why = format!(
                "its console shows bake {}, but this render bakes {}",
                result.bake_id, bake.id
            );
            return Err(Failure::azure(
                format!("builder {} is running another bake", bake.vm),
                why,
            )
            .help("delete it with `prebake deploy --clean-up`, then run the same command again"));
        }
        self.keep(RESULT_FILE, &format!("{}\n", result.json));
        if !result.succeeded {
            let log = self.keep_log(&seen.log);
            let reason = if seen.failed_lines.is_empty() {
                "the log is empty".to_owned()
            } else {
                seen.failed_lines.join("\n")
            };
            return Err(Failure::azure(format!("the bake failed at step `{}`", result.failed_step), reason)
                .help(format!("read the full log: {log}"))
                .help("fix the config and render it again; the next deployment asks before it deletes this builder (`--yes` deletes it)")
                .help(format!("to repeat the same bake, run `prebake deploy {} --clean-up`, then the same command", self.render.folder.display())));
        }
        self.progress(STEP, "succeeded");
        self.tag_success(bake);
        Ok(())
    }

    /// An interrupted run then knows that only the capture is left. Without the tag it reads the console again.
    fn tag_success(&self, bake: &PlannedBake) {
        let Ok(Some(builder)) = self.builder(bake, Patience::Some) else { return };
        let mut tags = tags(&builder.value);
        tags.insert(RESULT_TAG.to_owned(), SUCCEEDED.into());
        let body = json!({ "tags": tags });
        let tagged = self.azure.change(
            "PATCH",
            &self.builder_path(bake),
            &self.builder_api(bake),
            Some(&body),
            OPERATION,
        );
        if let Err(error) = tagged {
            self.world.note(format!(
                "builder {} could not be marked as finished: {}",
                bake.vm,
                error.failure("").reason
            ));
        }
    }

    /// How long a builder is there, by the clock of this machine. Azure gives `timeCreated` since version 2021-11-01
    /// (<https://learn.microsoft.com/rest/api/compute/virtual-machines/get>).
    fn age(&self, builder: &Builder) -> Duration {
        let created = builder.value.pointer("/properties/timeCreated").and_then(Value::as_str);
        let now = self.world.now + self.world.started.elapsed().as_secs();
        let age = created.and_then(seconds_of).map_or(0, |created| now.saturating_sub(created));
        Duration::from_secs(age)
    }

    /// The builder once Azure reports it as stopped. A bake publishes its result first, and then takes away what would make
    /// a node bake again: only the power-off says that this is done, too.
    fn stopped_builder(&self, bake: &PlannedBake) -> Result<Builder, Failure> {
        let mut power = String::new();
        let stopped = self.azure.http.watch(Instant::now() + POWER_OFF, |patience| {
            let builder = self.builder(bake, patience)?.ok_or_else(|| {
                Failure::azure(
                    format!("builder {} no longer exists", bake.vm),
                    "there is nothing to capture",
                )
                .help("run the same command again to start over")
            })?;
            if power.is_empty() && !builder.is_stopped() {
                self.progress(STEP, format!("waiting for {} to power off", bake.vm));
            }
            power.clone_from(&builder.power);
            Ok(builder.is_stopped().then_some(builder))
        })?;
        stopped.ok_or_else(|| {
            let why = format!(
                "its bake succeeded, but Azure still reports it as {power} after {} minutes; an image of a running \
                 builder would contain temporary data",
                POWER_OFF.as_secs() / 60
            );
            Failure::azure(format!("builder {} does not power off", bake.vm), why).help(format!(
                "to start over, run `prebake deploy {} --clean-up`, then the same command",
                self.render.folder.display()
            ))
        })
    }

    fn capture(&self, bake: &PlannedBake) -> Result<(), Failure> {
        let path = self.builder_path(bake);
        let api = self.builder_api(bake);
        let builder = self.stopped_builder(bake)?;
        if builder.generalized {
            return Ok(());
        }
        if builder.power != "deallocated" {
            self.progress(STEP, format!("deallocating {}", bake.vm));
            self.azure
                .change("POST", &format!("{path}/deallocate"), &api, None, OPERATION)
                .map_err(|error| {
                    error.failure(&format!("builder {} cannot be deallocated", bake.vm))
                })?;
        }
        self.progress(STEP, format!("generalizing {}", bake.vm));
        self.azure.change("POST", &format!("{path}/generalize"), &api, None, OPERATION).map_err(
            |error| error.failure(&format!("builder {} cannot be generalized", bake.vm)),
        )?;
        Ok(())
    }

    fn without_result(&self, bake: &PlannedBake, why: &str, log: &[u8]) -> Failure {
        let failure = Failure::azure(format!("the bake on {} has no result", bake.vm), why);
        let failure = if log.is_empty() {
            failure.help("the serial console is empty; check the boot diagnostics of the VM in the Azure portal")
        } else {
            failure.help(format!("read the serial console: {}", self.keep_log(log)))
        };
        failure.help(format!(
            "to start over, run `prebake deploy {} --clean-up`, then the same command",
            self.render.folder.display()
        ))
    }

    fn keep_log(&self, log: &[u8]) -> String {
        self.keep(LOG_FILE, &String::from_utf8_lossy(log));
        self.render.folder.join(LOG_FILE).display().to_string()
    }

    /// A file beside the render that nothing depends on.
    pub(super) fn keep(&self, name: &str, text: &str) {
        let path = self.render.folder.join(name);
        if let Err(error) = (self.world.keep)(&path, text) {
            self.world.note(format!("`{}` cannot be written: {error}", path.display()));
        }
    }
}

/// Seconds since 1970 of a time as Azure writes it, in UTC: `2026-11-29T00:21:05.1234567+00:00`.
fn seconds_of(text: &str) -> Option<u64> {
    let day = Date::parse(text.get(..10)?)?;
    let days = u64::try_from(Date::parse("1970-01-01")?.days_until(day)).ok()?;
    let rest = text.get(10..)?.strip_prefix('T')?;
    let rest = rest.strip_suffix('Z').or_else(|| rest.strip_suffix("+00:00"))?;
    let mut parts = rest.split('.').next()?.split(':').map(str::parse::<u64>);
    let mut next = || parts.next()?.ok();
    let (hours, minutes, seconds) = (next()?, next()?, next()?);
    Some(days * 86_400 + hours * 3600 + minutes * 60 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_age_of_a_builder_is_counted_in_utc() {
        // `date --utc --date=2026-11-29T00:21:05 +%s`
        let seconds = Some(1_795_911_665);
        assert_eq!(seconds_of("2026-11-29T00:21:05.1234567+00:00"), seconds);
        assert_eq!(seconds_of("2026-11-29T00:21:05Z"), seconds);
        assert_eq!(seconds_of("2026-11-29T00:21:05+02:00"), None);
        assert_eq!(seconds_of("yesterday"), None);
        assert_eq!(seconds_of("2026-11-29T0\u{e9}"), None);
    }
}
