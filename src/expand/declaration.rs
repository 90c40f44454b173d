use std::borrow::Cow;

use serde_json::{Map, Value};

use super::Resource;
use super::at::At;
use super::dependency::Waiting;
use super::identity::{id_of, place_id, resource_id};
use super::scope::TemplateScope;
use crate::arm::evaluate::{
    Context, Evaluated, Evaluator, Level, Locals, placeholder, properties_for,
};
use crate::diagnostic::{Diagnostic, pointer};

/// What stands beside the body of a resource and is not part of what the resource provider gets.
const NOT_BODY: [&str; 15] = [
    "apiVersion",
    "comments",
    "condition",
    "copy",
    "dependsOn",
    "existing",
    "extension",
    "import",
    "name",
    "resourceGroup",
    "resources",
    "scope",
    "subscriptionId",
    "type",
    "metadata",
];

/// Type, version and name of a module's deployment.
pub(super) const DEPLOYMENT: &str = "Microsoft.Resources/deployments";

/// A resource as the template declares it.
#[derive(Clone, Copy)]
pub(super) struct Declaration<'v> {
    /// The symbolic name, in templates that have them.
    pub(super) symbol: Option<&'v str>,
    pub(super) json: &'v Map<String, Value>,
}

/// The declaration around a nested one, as far as its children need it.
struct Parent {
    kind: String,
    name: String,
    id: String,
}

/// All resources of one template, with what each waits for still as written.
#[derive(Default)]
pub(super) struct Collected {
    pub(super) resources: Vec<Resource>,
    pub(super) waiting: Vec<Waiting>,
}

impl<'s> TemplateScope<'s> {
    /// The declarations of this template with their pointers.
    pub(super) fn declarations(&self) -> Vec<(String, Declaration<'s>)> {
        let base = format!("{}/resources", self.pointer);
        match self.json.get("resources") {
            Some(Value::Array(items)) => {
                let items = items.iter().enumerate();
                items
                    .filter_map(|(index, item)| {
                        let json = item.as_object()?;
                        Some((format!("{base}/{index}"), Declaration { symbol: None, json }))
                    })
                    .collect()
            }
            Some(Value::Object(map)) => map
                .iter()
                .filter_map(|(symbol, item)| {
                    let json = item.as_object()?;
                    let pointer = format!("{base}/{}", pointer::escape(symbol));
                    Some((pointer, Declaration { symbol: Some(symbol), json }))
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Expands every declaration.
    pub(super) fn collect(&self) -> Collected {
        let mut collected = Collected::default();
        for (pointer, declaration) in self.declarations() {
            self.declare(&pointer, declaration, None, &mut collected);
        }
        collected
    }

    fn declare(
        &self,
        pointer: &str,
        declaration: Declaration<'_>,
        parent: Option<&Parent>,
        collected: &mut Collected,
    ) {
        let evaluator = Evaluator::new(self);
        let copy = declaration.json.get("copy").filter(|copy| copy.is_object());
        let loop_name = copy.and_then(|copy| copy.get("name")?.as_str()).unwrap_or_default();
        for index in self.instances(&evaluator, pointer, copy) {
            let none = Locals::NONE;
            let locals = if copy.is_some() { none.with_loop(loop_name, index) } else { none };
            self.instance(&evaluator, pointer, declaration, parent, index, &locals, collected);
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one instance of a declaration needs all of them"
    )]
    fn instance(
        &self,
        evaluator: &Evaluator<'_>,
        pointer: &str,
        declaration: Declaration<'_>,
        parent: Option<&Parent>,
        index: Option<i64>,
        locals: &Locals<'_>,
        collected: &mut Collected,
    ) {
        if self.is_left_out(evaluator, pointer, declaration, locals) || !self.session.admit(pointer)
        {
            return;
        }
        let (identity, existing) = self.identify(evaluator, pointer, declaration, parent, locals);
        let json = declaration.json;
        let mut body = properties_for(json.len());
        let is_module = is_module(json);
        for (key, value) in json {
            if NOT_BODY.contains(&key.as_str()) || is_module && key == "properties" {
                continue;
            }
            let at = At::Pointer(pointer);
            let value = self.value(evaluator, value, at.key(key), locals);
            body.insert(key.clone(), value);
        }
        if is_module {
            let properties = self.module_properties(evaluator, pointer, json, locals);
            body.insert("properties".to_owned(), properties);
        }
        let waits_for = self.waits_for(evaluator, pointer, json, locals);
        collected.waiting.push(Waiting {
            resource: collected.resources.len(),
            symbol: declaration.symbol.map(str::to_owned),
            loop_name: json
                .get("copy")
                .and_then(|copy| copy.get("name")?.as_str().map(str::to_owned)),
            index,
            waits_for,
        });
        let Parent { kind, name, id } = identity;
        let api_version = self.text(evaluator, pointer, json, "apiVersion", locals);
        collected.resources.push(Resource {
            stage: self.session.stage.clone(),
            id: id.clone(),
            kind: kind.clone(),
            api_version,
            name: name.clone(),
            body,
            depends_on: Vec::new(),
            existing,
            pointer: pointer.to_owned(),
        });
        if is_module && let Some(module) = self.module(pointer, json, index, locals, &name) {
            collected.resources.extend(module.expansion.resources.iter().cloned());
        }
        let children = json.get("resources").and_then(Value::as_array).into_iter().flatten();
        for (position, child) in children.enumerate() {
            let Some(json) = child.as_object() else { continue };
            let pointer = format!("{pointer}/resources/{position}");
            let around = Parent { kind: kind.clone(), name: name.clone(), id: id.clone() };
            self.declare(&pointer, Declaration { symbol: None, json }, Some(&around), collected);
        }
    }

    fn is_left_out(
        &self,
        evaluator: &Evaluator<'_>,
        pointer: &str,
        declaration: Declaration<'_>,
        locals: &Locals<'_>,
    ) -> bool {
        let Some(condition) = declaration.json.get("condition") else { return false };
        let at = At::Pointer(pointer);
        let at = at.key("condition");
        match self.value(evaluator, condition, at, locals) {
            Evaluated::Bool(holds) => !holds,
            Evaluated::Symbolic(_) => false,
            other => {
                let title = format!("a condition must be a boolean, found {}", other.type_name());
                let finding = Diagnostic::error("PB3001", title).help("use a comparison");
                self.session.report(finding, &at.to_string(), "evaluated here");
                false
            }
        }
    }

    /// Type, full name and id, and whether the template only refers to the resource.
    fn identify(
        &self,
        evaluator: &Evaluator<'_>,
        pointer: &str,
        declaration: Declaration<'_>,
        parent: Option<&Parent>,
        locals: &Locals<'_>,
    ) -> (Parent, bool) {
        let json = declaration.json;
        let existing = json.get("existing") == Some(&Value::Bool(true));
        let mut kind = self.text(evaluator, pointer, json, "type", locals);
        let mut name = self.text(evaluator, pointer, json, "name", locals);
        let nested_in = parent.filter(|parent| {
            let start = kind.get(..parent.kind.len());
            let within = start.is_some_and(|start| start.eq_ignore_ascii_case(&parent.kind));
            !(within && kind[parent.kind.len()..].starts_with('/'))
        });
        let mut extends = None;
        if let Some(parent) = nested_in {
            if kind.matches('/').count() == 0 {
                kind = format!("{}/{kind}", parent.kind);
                name = format!("{}/{name}", parent.name);
            } else {
                // `Namespace/providers/type` or a type of another namespace extends its parent.
                extends = Some(parent.id.clone());
            }
        }
        let scope = json.get("scope").filter(|_| !kind.eq_ignore_ascii_case(DEPLOYMENT));
        let place = match scope {
            Some(scope) => {
                let value = self.value(evaluator, scope, At::Pointer(pointer).key("scope"), locals);
                match value {
                    Evaluated::String(text) if text == "/" => String::new(),
                    value => id_of(&value, &self.target).unwrap_or_default(),
                }
            }
            None => extends
                .unwrap_or_else(|| place_id(&self.target_of(evaluator, pointer, json, locals))),
        };
        let id = resource_id(&place, &kind, &name);
        (Parent { kind, name, id }, existing)
    }

    /// Where a declaration goes: a deployment or an existing resource may name another place.
    pub(super) fn target_of(
        &self,
        evaluator: &Evaluator<'_>,
        pointer: &str,
        json: &Map<String, Value>,
        locals: &Locals<'_>,
    ) -> Cow<'_, Context> {
        if !["subscriptionId", "resourceGroup", "scope"].iter().any(|key| json.contains_key(*key)) {
            return Cow::Borrowed(&self.target);
        }
        let mut target = self.target.clone();
        let read = |key: &str| {
            json.get(key)
                .map(|value| self.value(evaluator, value, At::Pointer(pointer).key(key), locals))
        };
        let show = |value: Evaluated| match value {
            Evaluated::String(text) => text,
            other => placeholder(&other.to_expression().to_string()),
        };
        if let Some(subscription) = read("subscriptionId") {
            let unchanged = matches!(&subscription, Evaluated::Symbolic(expression)
                if expression.to_string() == "subscription().subscriptionId");
            if !unchanged {
                target.subscription_id = Some(show(subscription));
            }
            target.level = Level::Subscription;
        }
        if let Some(group) = read("resourceGroup") {
            target.resource_group = Some(show(group));
            target.level = Level::ResourceGroup;
        }
        if let Some(Evaluated::String(scope)) = read("scope") {
            if scope == "/" {
                target.level = Level::Tenant;
            } else if let Some((_, group)) = scope.split_once("managementGroups/") {
                target.level = Level::ManagementGroup;
                target.management_group = Some(group.to_owned());
            }
        }
        Cow::Owned(target)
    }

    /// A property as text, symbolic or not; nothing gives an empty text.
    fn text(
        &self,
        evaluator: &Evaluator<'_>,
        pointer: &str,
        json: &Map<String, Value>,
        key: &str,
        locals: &Locals<'_>,
    ) -> String {
        let Some(value) = json.get(key) else {
            // `Namespace/type@version` is how resources of other extensions are written.
            let combined =
                json.get("type").and_then(Value::as_str).and_then(|kind| kind.split_once('@'));
            return combined
                .filter(|_| key == "apiVersion")
                .map(|(_, version)| version.to_owned())
                .unwrap_or_default();
        };
        let evaluated = self.value(evaluator, value, At::Pointer(pointer).key(key), locals);
        let text: Cow<'_, str> = match &evaluated {
            Evaluated::String(text) => text.into(),
            Evaluated::Integer(number) => number.to_string().into(),
            other => other.to_expression().to_template_string().into(),
        };
        match text.split_once('@').filter(|_| key == "type") {
            Some((kind, _)) => kind.to_owned(),
            None => text.into_owned(),
        }
    }

    fn waits_for(
        &self,
        evaluator: &Evaluator<'_>,
        pointer: &str,
        json: &Map<String, Value>,
        locals: &Locals<'_>,
    ) -> Vec<Evaluated> {
        let Some(Value::Array(entries)) = json.get("dependsOn") else { return Vec::new() };
        let at = At::Pointer(pointer);
        let at = at.key("dependsOn");
        let entries = entries.iter().enumerate();
        entries.map(|(index, entry)| self.value(evaluator, entry, at.item(index), locals)).collect()
    }
}

/// Whether a declaration is a deployment with a template of its own.
pub(super) fn is_module(json: &Map<String, Value>) -> bool {
    let kind = json.get("type").and_then(Value::as_str);
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case(DEPLOYMENT))
        && json.get("properties").is_some_and(|properties| properties.get("template").is_some())
}
