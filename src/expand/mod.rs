//! Takes a compiled template with its parameters, gives the concrete resources that Azure is asked for.
//!
//! Conditions and loops are resolved, modules are opened, names and ids are computed. Calls no Azure: what
//! only Azure can know stays a symbolic value, and one expression that fails never blanks the rest.
//!
//! Read this file for what goes in and out, `scope` for how names are looked up, `declaration` for how
//! one declaration becomes resources, `module` for nested deployments, `value` for loops inside of
//! values, `identity` for ids and `dependency` for `dependsOn`.

mod at;
mod declaration;
mod dependency;
mod identity;
mod module;
mod origin;
mod parameter;
mod scope;
mod session;
mod snapshot;
mod value;

pub(crate) use origin::template_pointer;
pub use snapshot::snapshot;

use serde_json::{Map, Value};

use crate::arm::Template;
use crate::arm::evaluate::{self, Evaluated, Properties};
pub use crate::arm::evaluate::{Context, Level};
use crate::arm::expression::Expressions;
use crate::catalog::StageName;
use crate::diagnostic::Diagnostics;

/// One resource as a stage asks Azure for it.
///
/// The values of its body are typed: what only Azure can finish (`reference('vault').properties.uri`) is an
/// expression, everything else is a literal. Where a value comes from, its JSON pointer says.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// The stage that deploys it.
    pub stage: StageName,
    /// Full resource ID; symbolic parts (a subscription only Azure knows) as `{subscriptionId}`-like
    /// placeholders never collide with real ids.
    pub id: String,
    /// Resource type with its namespace, as the template spells it.
    pub kind: String,
    /// API version.
    pub api_version: String,
    /// Full name with its parents' names, `account/pool`. One that only Azure can finish is written as a template
    /// writes it; [`Resource::typed_name`] tells which it is.
    pub name: String,
    /// Everything else of the resource object with all expressions evaluated: `location`, `sku`,
    /// `identity`, `tags`, `properties`... but no `dependsOn`, `copy`, `condition`.
    pub body: Properties,
    /// Ids (or symbolic names where no id is known) of the resources it waits for.
    pub depends_on: Vec<String>,
    /// The template only refers to it.
    pub existing: bool,
    /// JSON pointer of the resource in its template (`/resources/pools`), through nested templates.
    pub pointer: String,
}

impl Resource {
    /// The full name as a value: a text, or the expression that gives it.
    pub fn typed_name(&self) -> Evaluated {
        Evaluated::from_template_string(&self.name)
    }

    /// The name without the names of its parents, unless only Azure knows it.
    pub fn own_name(&self) -> Option<&str> {
        if self.typed_name().is_symbolic() { None } else { self.name.rsplit('/').next() }
    }

    /// The body as a template writes it.
    pub fn body_json(&self) -> Map<String, Value> {
        self.body.iter().map(|(key, value)| (key.clone(), value.to_template())).collect()
    }

    /// Whether it is a deployment whose own resources stand beside it.
    fn is_opened_module(&self) -> bool {
        let linked =
            self.body.get("properties").and_then(|properties| properties.get("templateLink"));
        self.kind.eq_ignore_ascii_case(declaration::DEPLOYMENT) && linked.is_none()
    }
}

/// The body that JSON holds as a template writes it; an empty one for what is no object.
pub fn body_of(json: &Value) -> Properties {
    match Evaluated::from_template(json) {
        Evaluated::Object(body) => body,
        _ => Properties::default(),
    }
}

/// What a template asks Azure for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expansion {
    /// The resources, in the order of the template; a module's resources follow its deployment.
    pub resources: Vec<Resource>,
    /// The outputs, with symbolic values like those of resources.
    pub outputs: Properties,
}

/// Expands one stage. `parameters` is a parameters file or its `parameters` object.
pub fn expand(
    stage: impl Into<StageName>,
    template: &Template,
    parameters: &Value,
    context: &Context,
    diagnostics: &mut Diagnostics,
) -> Expansion {
    expand_parsed(stage, (template, &Expressions::default()), parameters, context, diagnostics)
}

/// The same of a template whose expressions were parsed before.
pub fn expand_parsed(
    stage: impl Into<StageName>,
    (template, expressions): (&Template, &Expressions),
    parameters: &Value,
    context: &Context,
    diagnostics: &mut Diagnostics,
) -> Expansion {
    let session = session::Session::new(stage.into(), &template.source_map, expressions);
    let expansion = module::expand_root(&session, &template.json, parameters, context);
    diagnostics.append(session.into_diagnostics());
    expansion
}

/// The id that a value of a resource's body names: an id as it stands, or the one that a symbolic
/// `resourceId(...)` will have, with placeholders for what is unknown of the place.
pub fn resource_id_of(value: &Evaluated, context: &Context) -> Option<String> {
    match value {
        Evaluated::String(text) => text.starts_with('/').then(|| text.clone()),
        Evaluated::Symbolic(expression) => evaluate::resource_id_of(expression, context),
        _ => None,
    }
}
