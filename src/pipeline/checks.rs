//! Schemas and rules over a compiled render, and what the config makes of their findings.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde_json::Value;

use super::CompiledStage;
use super::Tools;
use super::places::{FindingPlaces, RenderPlaces};
use super::secrets::Secrets;
use crate::arm::Template;
use crate::catalog::{Overlay, StageName};
use crate::check::{self, Declared, RegistrySetting, RenderView};
use crate::config::fields::AllocationMode;
use crate::config::{Config, Document};
use crate::diagnostic::{Diagnostic, Diagnostics, Fact, FileId, Sources, pointer};
use crate::expand::Resource;
use crate::extend::Extension;
use crate::model::{Model, Origins};
use crate::render::Artifacts;
use crate::schema::ResourceSchemas;
use crate::validate;

/// The checks of a render, and what they look at.
pub(super) struct Checks<'a> {
    pub(super) config: &'a Config,
    pub(super) document: &'a Document,
    pub(super) model: &'a Model,
    pub(super) artifacts: &'a Artifacts,
    pub(super) extension: &'a Extension,
    pub(super) stages: &'a [CompiledStage],
    /// Folder of the render, as messages name it.
    pub(super) folder: &'a str,
    /// What the user's subscription said of the region.
    pub(super) overlay: &'a Overlay,
    /// The Dockerfiles of the config's builds.
    pub(super) dockerfiles: &'a [check::Dockerfile],
}

impl Checks<'_> {
    /// Runs schemas and rules, and applies the config's own settings to what they find.
    pub(super) fn run(
        &self,
        secrets: &mut Secrets,
        tools: &Tools,
        sources: &mut Sources,
        diagnostics: &mut Diagnostics,
    ) -> Vec<Fact> {
        let (schemas, as_of) = (&tools.schemas, tools.as_of);
        let files = self.add_files(sources);
        let ((values, mut found), of_resources) =
            rayon::join(|| self.values(&files), || self.resources(schemas));
        let (of_files, (of_rules, answers)) =
            rayon::join(|| self.files(&files, &values), || self.rules(tools, &files, &values));
        found.append(of_resources);
        found.append(of_files);
        let is_news =
            |finding: &Diagnostic| finding.code != check::SECRET || !secrets.tell(finding, sources);
        let of_rules: Vec<Diagnostic> = of_rules.iter().filter(|it| is_news(it)).cloned().collect();
        for place in of_rules.iter().filter(|it| it.code == check::SECRET).filter_map(|it| it.place)
        {
            sources.mask(place);
        }
        found.append(of_rules.into());
        found.append(secrets.take());
        let found = self.naming_changes(found);
        let settings = self.config.checks.as_ref().map(|checks| checks.rules.clone());
        let outcome = check::apply(found, &settings.unwrap_or_default(), as_of, &|code| {
            self.document.key_place(&format!("/checks/rules/{}", pointer::escape(code)))
        });
        diagnostics.append(outcome.diagnostics);
        answers
    }

    /// Says of each finding about what a patch or an added file made that it did.
    fn naming_changes(&self, found: Diagnostics) -> Diagnostics {
        if self.extension.is_empty() {
            return found;
        }
        let mut found = found.into_vec();
        for finding in &mut found {
            let places = finding.place.into_iter().chain(finding.related.iter().map(|it| it.place));
            let change = places.into_iter().find_map(|place| Some(self.extension.at(place)?.1));
            if let Some(change) = change {
                let reason = std::mem::take(&mut finding.reason);
                finding.reason = format!("{reason}; {}", change.told());
            }
        }
        Diagnostics::from(found)
    }

    /// Where its values come from.
    fn places(&self) -> RenderPlaces<'_> {
        RenderPlaces {
            stages: self.stages,
            artifacts: self.artifacts,
            extension: self.extension,
            document: self.document,
            origins: Origins::new(self.model, self.document),
        }
    }

    /// What the schemas of their types say of the resources.
    fn resources(&self, schemas: &ResourceSchemas) -> Diagnostics {
        let places = self.places();
        let of_stage = |stage: &CompiledStage| {
            let mut found = Diagnostics::new();
            let name = stage.stage.into();
            let cause = |pointer: &str| places.of_value(&name, pointer);
            validate::resources(&stage.resources, &stage.template, schemas, &cause, &mut found);
            found
        };
        let found: Vec<Diagnostics> = self.stages.par_iter().map(of_stage).collect();
        found.into_iter().fold(Diagnostics::new(), |mut all, found| {
            all.append(found);
            all
        })
    }

    /// What the schemas of files say of them.
    fn files(
        &self,
        files: &BTreeMap<String, FileId>,
        values: &BTreeMap<&str, Cow<'_, Value>>,
    ) -> Diagnostics {
        let mut found = Diagnostics::new();
        for (path, value) in values {
            let template = self.stages.iter().find(|it| it.stage.template() == *path);
            let template = template.map(|stage| &stage.known);
            if template.is_some_and(|template| template.fits()) {
                continue;
            }
            let (text, mut own) = (&self.artifacts.files[*path], Diagnostics::new());
            validate::file(path, text, files[*path], value, &mut own);
            if let Some(template) = template.filter(|_| own.is_empty()) {
                template.note_fits();
            }
            found.append(own);
        }
        found
    }

    /// What the files say that have schemas, that of compiled files being known; and which cannot be read.
    fn values<'a>(
        &'a self,
        files: &'a BTreeMap<String, FileId>,
    ) -> (BTreeMap<&'a str, Cow<'a, Value>>, Diagnostics) {
        let mut found = Diagnostics::new();
        let compiled: BTreeMap<String, &Value> = self
            .stages
            .iter()
            .flat_map(|stage| {
                let template = (stage.stage.template(), &*stage.template.json);
                [template, (stage.stage.parameters(), &stage.parameters)]
            })
            .collect();
        let mut values = BTreeMap::new();
        for (path, id) in files {
            let known = || self.artifacts.values.get(path.as_str());
            let value = match compiled.get(path).copied().or_else(known) {
                Some(value) => Some(Cow::Borrowed(value)),
                None => validate::read(path, &self.artifacts.files[path.as_str()], *id, &mut found)
                    .map(Cow::Owned),
            };
            values.extend(value.map(|value| (path.as_str(), value)));
        }
        (values, found)
    }

    /// What the rules say.
    fn rules(
        &self,
        tools: &Tools,
        files: &BTreeMap<String, FileId>,
        values: &BTreeMap<&str, Cow<'_, Value>>,
    ) -> (Diagnostics, Vec<Fact>) {
        let resources: Vec<&Resource> =
            self.stages.iter().flat_map(|stage| &stage.resources).collect();
        let templates: BTreeMap<StageName, &Template> =
            self.stages.iter().map(|stage| (stage.stage.into(), &stage.template)).collect();
        let declared = Declared {
            user_subscription: self.user_subscription(),
            gpu: self.config.node.as_ref().and_then(|node| node.gpu),
            mig: self.config.node.as_ref().and_then(|node| node.mig.clone()),
            quota: self
                .config
                .checks
                .as_ref()
                .map(|checks| checks.quota.clone())
                .unwrap_or_default(),
            registry: self.existing_registry(),
            dockerfiles: self.dockerfiles.to_vec(),
        };
        let subject = RenderView {
            resources: &resources,
            templates: &templates,
            artifacts: &self.artifacts.files,
            values,
            declared: &declared,
            overlay: self.overlay,
            as_of: tools.as_of,
            scripts: &tools.scripts,
        };
        let places = FindingPlaces { render: self.places(), files };
        let findings = check::check(&subject);
        let findings: Vec<_> =
            findings.iter().map(|finding| check::diagnostic(finding, &places)).collect();
        (Diagnostics::from(told_once(findings)), check::answers(&subject))
    }

    /// Whether the nodes of an existing account live in the user's subscription.
    fn user_subscription(&self) -> Option<bool> {
        let account = self.config.batch.as_ref()?.account.as_ref()?;
        Some(account.allocation_mode? == AllocationMode::UserSubscription)
    }

    /// What the config relies on in a registry that it uses without creating it.
    fn existing_registry(&self) -> Vec<RegistrySetting> {
        let Some(registry) = self.model.registry.as_ref().filter(|registry| !registry.create)
        else {
            return Vec::new();
        };
        let setting = |pointer: &str, setting, value: &str| RegistrySetting {
            registry: registry.name.clone(),
            pointer: pointer.to_owned(),
            setting,
            value: value.to_owned(),
        };
        let host_name = registry.login_server.split('.').next().unwrap_or_default();
        let mut settings = vec![
            setting("/registry", "role_assignment_mode", registry.role_assignment_mode),
            setting("/registry", "host_name", host_name),
        ];
        let build = self.model.images.iter().position(|image| image.build.is_some());
        if registry.agent_pool.is_some() {
            settings.push(setting("/registry/agentPool", "sku", "Premium"));
        } else if let Some(at) = build {
            // Shared agents reach a registry by its public addresses.
            let pointer = format!("/images/{at}/build");
            settings.push(setting(&pointer, "public_network_access", "Enabled"));
        }
        settings
    }

    fn add_files(&self, sources: &mut Sources) -> BTreeMap<String, FileId> {
        let known: BTreeMap<String, FileId> =
            sources.iter().map(|(id, file)| (file.name.clone(), id)).collect();
        self.artifacts
            .files
            .iter()
            .map(|(path, text)| {
                let shown = format!("{}/{path}", self.folder);
                let id = known.get(&shown).copied().unwrap_or_else(|| sources.add(shown, text));
                (path.clone(), id)
            })
            .collect()
    }
}

/// The findings without those that say the same of the same line: one key can decide a value of every pool.
fn told_once(findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut told = BTreeSet::new();
    let mut is_new = |finding: &Diagnostic| {
        let Some(place) = finding.place.filter(|_| !finding.related.is_empty()) else {
            return true;
        };
        let words = [&finding.title, &finding.label, &finding.help].map(String::clone);
        told.insert((finding.code.to_string(), place, words))
    };
    findings.into_iter().filter(|finding| is_new(finding)).collect()
}
