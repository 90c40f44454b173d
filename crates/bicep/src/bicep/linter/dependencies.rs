//! `dependsOn` that says what the body says already.

use foldhash::{HashMap, HashSet, HashSetExt};

use super::Linting;
use crate::bicep::binder::{ResourceId, SymbolId, SymbolKind};
use crate::bicep::syntax::{
    ArrayItemSyntax, DeclarationBody, ExpressionSyntax, ObjectSyntax, StatementSyntax, walk,
};
use crate::bicep::types::Type;
use crate::diagnostic::Span;

/// What is known of a resource before it is deployed.
const IDENTITY: [&str; 4] = ["apiVersion", "id", "name", "type"];

/// A declaration that another one uses, and whether it reads no more than its identity.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Dependency {
    on: SymbolId,
    weak: bool,
}

type Graph = HashMap<SymbolId, Vec<Dependency>>;

pub(super) fn unnecessary(linting: &Linting<'_, '_>) {
    let declared = linting.bodies();
    let explicit = |body: &DeclarationBody<'_>| depends_on(body.object).is_some();
    if !declared.iter().any(|(_, body)| explicit(body)) {
        return;
    }
    let graph = linting.graph();
    for (symbol, body) in declared {
        linting.depends_on(symbol, &body, &graph);
    }
}

/// What is listed in `dependsOn`.
fn depends_on<'a>(body: Option<&ObjectSyntax<'a>>) -> Option<ExpressionSyntax<'a>> {
    Some(body?.property("dependsOn")?.value)
}

impl<'a> Linting<'a, '_> {
    /// The bodies of all resources and modules.
    fn bodies(&self) -> Vec<(SymbolId, DeclarationBody<'a>)> {
        let modules = self.modules();
        let modules =
            modules.filter_map(|node| Some((self.bound.declared(node.name)?, node.body())));
        let resources = self.bound.resources.iter();
        modules.chain(resources.map(|found| (found.symbol, found.syntax.body()))).collect()
    }

    fn depends_on(&self, own: SymbolId, body: &DeclarationBody<'a>, graph: &Graph) {
        let Some(ExpressionSyntax::Array(listed)) = depends_on(body.object) else { return };
        let implied = self.implied(own, graph);
        let mut seen = HashSet::new();
        for item in listed.items {
            let ArrayItemSyntax::Value(item) = item else { continue };
            let Some(target) = self.named(*item).filter(|target| self.is_single(*target)) else {
                continue;
            };
            if !implied.contains(&target) && seen.insert(target) {
                continue;
            }
            let title = format!("`{}` is not needed in `dependsOn`", self.text(item.span()));
            self.report(item.span(), title, "the resource already refers to it", "remove it");
        }
    }

    /// What a declaration waits for without saying so, at once or through others.
    fn implied(&self, own: SymbolId, graph: &Graph) -> HashSet<SymbolId> {
        let mut open: Vec<Dependency> = graph.get(&own).cloned().unwrap_or_default();
        let (mut seen, mut implied) = (HashSet::new(), HashSet::new());
        while let Some(next) = open.pop() {
            if !seen.insert(next) {
                continue;
            }
            open.extend(graph.get(&next.on).into_iter().flatten());
            // Nothing waits for what exists already, unless it reads it.
            let exists = match self.bound.symbol(next.on).kind {
                SymbolKind::Resource(id) => self.bound.resource(id).syntax.existing.is_some(),
                _ => false,
            };
            if !next.weak || !exists {
                implied.insert(next.on);
            }
        }
        implied
    }

    /// What resources, modules and variables use.
    fn graph(&self) -> Graph {
        let mut graph = Graph::default();
        for resource in &self.bound.resources {
            let body = resource.syntax.body();
            let outer = resource.nested_in;
            let outer = outer.map(|id| Dependency { on: self.symbol_of(id), weak: true });
            let mut found: Vec<Dependency> = outer.into_iter().collect();
            self.uses_of(resource.syntax.value, body.object, &mut found);
            graph.insert(resource.symbol, found);
        }
        for statement in self.bound.program.statements {
            let (name, value, body) = match statement {
                StatementSyntax::Module(node) => (node.name, node.value, node.body().object),
                StatementSyntax::Variable(node) => (node.name, node.value, None),
                _ => continue,
            };
            let Some(symbol) = self.bound.declared(name) else { continue };
            let mut found = Vec::new();
            self.uses_of(value, body, &mut found);
            graph.insert(symbol, found);
        }
        graph
    }

    fn symbol_of(&self, id: ResourceId) -> SymbolId {
        self.bound.resource(id).symbol
    }

    /// What a value uses, but for what its `dependsOn` lists.
    fn uses_of(
        &self,
        value: ExpressionSyntax<'a>,
        body: Option<&ObjectSyntax<'a>>,
        found: &mut Vec<Dependency>,
    ) {
        let span_of = |name: &str| Some(body?.property(name)?.value.span());
        let listed = span_of("dependsOn");
        let placed: Vec<Span> = ["parent", "scope"].into_iter().filter_map(span_of).collect();
        let mut read: HashSet<Span> = HashSet::new();
        walk(value, &mut |expression| {
            let span = expression.span();
            if listed.is_some_and(|listed| listed.contains(span)) {
                return false;
            }
            if let Some(identity) = identity_read(expression) {
                read.insert(identity);
            }
            let Some(on) = self.named(expression) else { return true };
            let is_dependency = matches!(
                self.bound.symbol(on).kind,
                SymbolKind::Resource(_) | SymbolKind::Module(_) | SymbolKind::Variable(_)
            );
            let is_resource = matches!(self.bound.symbol(on).kind, SymbolKind::Resource(_));
            if is_dependency {
                let weak =
                    read.contains(&span) || placed.iter().any(|placed| placed.contains(span));
                found.push(Dependency { on, weak: weak && is_resource });
            }
            false
        });
    }

    /// The symbol that a name or `a::b` means.
    pub(super) fn named(&self, expression: ExpressionSyntax<'a>) -> Option<SymbolId> {
        match expression {
            ExpressionSyntax::Variable(node) => self.bound.target(node.name),
            ExpressionSyntax::ResourceAccess(_) => match self.checked.type_of(expression) {
                Type::Resource(id, _) => Some(self.symbol_of(id)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether a symbol is one resource or module, and no loop of them.
    pub(super) fn is_single(&self, symbol: SymbolId) -> bool {
        match self.bound.symbol(symbol).kind {
            SymbolKind::Resource(id) => self.bound.resource(id).syntax.body().r#for.is_none(),
            SymbolKind::Module(node) => node.body().r#for.is_none(),
            _ => false,
        }
    }
}

/// The resource or module whose identity alone an access reads, or whose function a call is.
fn identity_read(access: ExpressionSyntax<'_>) -> Option<Span> {
    let mut base = match access {
        ExpressionSyntax::PropertyAccess(node) if IDENTITY.contains(&node.name.name) => node.base,
        ExpressionSyntax::ArrayAccess(node)
            if node.index.literal().is_some_and(|name| IDENTITY.contains(&name)) =>
        {
            node.base
        }
        ExpressionSyntax::InstanceFunctionCall(node) => node.base,
        _ => return None,
    };
    loop {
        base = match base {
            ExpressionSyntax::NonNullAssertion(node) => node.base,
            ExpressionSyntax::ArrayAccess(node) if node.index.literal().is_none() => node.base,
            _ => return Some(base.span()),
        };
    }
}
