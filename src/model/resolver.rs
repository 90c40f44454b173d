use super::omitted;
use crate::catalog::{self, Cloud, Overlay};
use crate::config::{Config, Document};
use crate::diagnostic::{Diagnostic, Diagnostics, Fact, Place, Severity};

/// What every part of the resolution needs: the config, its places, and the sink.
pub(super) struct Resolver<'a> {
    pub(super) config: &'a Config,
    document: &'a Document,
    omitted: &'a [String],
    pub(super) overlay: &'a Overlay,
    /// The rows on which the next finding rests.
    facts: Vec<Fact>,
    diagnostics: &'a mut Diagnostics,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(
        config: &'a Config,
        document: &'a Document,
        omitted: &'a [String],
        overlay: &'a Overlay,
        diagnostics: &'a mut Diagnostics,
    ) -> Self {
        Self { config, document, omitted, overlay, facts: Vec::new(), diagnostics }
    }

    /// Names the row of the catalog on which the finding rests that is reported next.
    pub(super) fn on(&mut self, fact: Fact) -> &mut Self {
        self.facts.push(fact);
        self
    }

    /// The cloud of the deployment, which its region decides.
    pub(super) fn cloud(&self) -> Cloud {
        catalog::cloud_of(&self.config.location)
    }

    /// Drops the rows that were named for a finding which does not come.
    pub(super) fn forget_facts(&mut self) {
        self.facts.clear();
    }

    /// Reports an error at the value of a JSON pointer.
    pub(super) fn error(
        &mut self,
        code: &'static str,
        pointer: &str,
        title: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.report(Severity::Error, code, pointer, title, label, help);
    }

    /// Reports a finding at the value of a JSON pointer.
    pub(super) fn report(
        &mut self,
        severity: Severity,
        code: &'static str,
        pointer: &str,
        title: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        let mut finding = Diagnostic::new(severity, code, title).help(help);
        finding.place = self.place(pointer);
        finding.label = label.into();
        self.push(finding, pointer);
    }

    /// Reports a warning at the key of a JSON pointer.
    pub(super) fn warn_of_key(
        &mut self,
        code: &'static str,
        pointer: &str,
        title: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        let mut finding = Diagnostic::warning(code, title).help(help);
        finding.place = self.document.key_place(pointer);
        finding.label = label.into();
        self.push(finding, pointer);
    }

    /// Reports a finding at one value that another one explains.
    pub(super) fn push_pair(
        &mut self,
        mut finding: Diagnostic,
        pointer: &str,
        label: &str,
        first: &str,
    ) {
        finding.place = self.place(pointer);
        label.clone_into(&mut finding.label);
        if let Some(place) = self.place(first) {
            finding = finding.related(place, "the first one");
        }
        self.push(finding, pointer);
    }

    fn push(&mut self, mut finding: Diagnostic, pointer: &str) {
        finding.facts = std::mem::take(&mut self.facts);
        if !self.omitted.iter().any(|one| omitted::decides(one, &finding.code, pointer)) {
            self.diagnostics.push(finding);
        }
    }

    fn place(&self, pointer: &str) -> Option<Place> {
        self.document.place(pointer)
    }
}
