//! What is known of a file before any template takes something from it.

use std::borrow::Cow;
use std::rc::Rc;

use serde_json::Value;

use super::{inlined, loads};
use crate::azure_types;
use crate::bicep::binder::{Bound, ResourceId, SymbolId};
use crate::bicep::files::FileProvider;
use crate::bicep::load::{Loaded, UnitId};
use crate::bicep::syntax::StringSyntax;
use crate::diagnostic::Diagnostics;

/// The facts of one file.
#[derive(Debug)]
pub struct Facts<'a> {
    // Variables and existing resources that are written out at every use, by symbol.
    inlined: Vec<bool>,
    // Type and version of each resource.
    resource_types: Vec<(Cow<'a, str>, String)>,
    // What each of the calls that load files gives.
    loads: Vec<Option<Rc<Value>>>,
}

impl<'a> Facts<'a> {
    /// Finds them, if the file is Bicep.
    pub fn new(
        loaded: &Loaded<'a>,
        id: UnitId,
        files: &dyn FileProvider,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let unit = loaded.bicep(id)?;
        Some(Self {
            inlined: inlined::find(&unit.bound),
            resource_types: resource_types(&unit.bound),
            loads: loads::load_all(&loaded.unit(id).path, &unit.bound, files, diagnostics),
        })
    }

    /// Whether a variable or an existing resource is written out at every use.
    pub fn is_inlined(&self, id: SymbolId) -> bool {
        self.inlined.get(id.0 as usize).copied().unwrap_or(false)
    }

    /// Type, as Azure spells it, and API version.
    pub fn resource_type(&self, id: ResourceId) -> &(Cow<'a, str>, String) {
        &self.resource_types[id.0 as usize]
    }

    /// What the call gives that is the file's so-manieth that loads.
    pub fn load(&self, at: usize) -> Option<&Rc<Value>> {
        self.loads.get(at)?.as_ref()
    }
}

fn resource_types<'a>(bound: &Bound<'a>) -> Vec<(Cow<'a, str>, String)> {
    let mut types: Vec<(Cow<'a, str>, String)> = Vec::with_capacity(bound.resources.len());
    for resource in &bound.resources {
        let text =
            resource.syntax.type_string().and_then(StringSyntax::literal).unwrap_or_default();
        let (own, version) = text.split_once('@').unwrap_or((text, ""));
        // The resource that it is nested in comes before it.
        let outer = resource.nested_in.and_then(|outer| types.get(outer.0 as usize));
        let (kind, version) = match outer {
            None => (Cow::Borrowed(own), version),
            Some((outer, inherited)) => {
                let version = if version.is_empty() { inherited } else { version };
                (Cow::Owned(format!("{outer}/{own}")), version)
            }
        };
        let spelled = azure_types::resource(&kind, version).map(|found| Cow::Borrowed(found.name));
        let version = version.to_owned();
        types.push((spelled.unwrap_or(kind), version));
    }
    types
}
