//! The walk that finds what every name means.

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use super::types::AMBIENT_TYPES;
use super::{Bound, BoundResource, ResourceId, Symbol, SymbolId, SymbolKind, Use, cycles};
use crate::bicep::functions::{self, Namespace};
use crate::bicep::spelling::suggestion;
use crate::bicep::syntax::{
    ArrayItemSyntax, DecoratorSyntax, ExpressionSyntax, FileKind, IdentifierSyntax, ImportSyntax,
    ImportedSyntax, ObjectItemSyntax, ObjectKeySyntax, ObjectSyntax, ProgramSyntax,
    ResourceDeclarationSyntax, StatementSyntax, StringSyntax,
};
use crate::diagnostic::{Diagnostic, FileId, Span};

pub fn bind(program: ProgramSyntax<'_>, file: FileId) -> Bound<'_> {
    let bound = Bound {
        file,
        program,
        symbols: Vec::new(),
        resources: Vec::new(),
        loads: Vec::new(),
        globals: HashMap::new(),
        uses: Vec::new(),
        syntax_errors: Vec::new(),
        findings: Vec::new(),
        targets: HashMap::new(),
        owned: HashMap::new(),
        members: HashMap::new(),
        cycles: cycles::Cycles::default(),
    };
    let mut binder = Binder {
        bound,
        locals: Vec::new(),
        owner: None,
        in_function: false,
        whole_variable: None,
        reported: HashSet::new(),
        silent: false,
        compared: 0,
    };
    for statement in program.statements {
        binder.declare(*statement);
    }
    for statement in program.statements {
        binder.statement(*statement);
    }
    let mut bound = binder.bound;
    let (found, findings) = cycles::find(&bound);
    bound.cycles = found;
    bound.findings.extend(findings);
    bound
}

pub(super) struct Binder<'a> {
    pub(super) bound: Bound<'a>,
    // What is visible here beyond the globals, innermost last.
    locals: Vec<(&'a str, SymbolId)>,
    // The declaration whose text is being walked, for cycles.
    owner: Option<SymbolId>,
    pub(super) in_function: bool,
    pub(super) whole_variable: Option<Span>,
    reported: HashSet<u32>,
    silent: bool,
    // How many names the unknown ones were compared with.
    compared: usize,
}

// The most names that unknown names are compared with: beyond, nothing is suggested.
const MAXIMUM_COMPARISONS: usize = 200_000;

impl<'a> Binder<'a> {
    pub(super) fn add(&mut self, name: IdentifierSyntax<'a>, kind: SymbolKind<'a>) -> SymbolId {
        let id = SymbolId(u32::try_from(self.bound.symbols.len()).unwrap_or(u32::MAX));
        self.bound.symbols.push(Symbol { name, kind });
        self.bound.owned.insert(name.span.start, id);
        id
    }

    fn add_global(&mut self, name: IdentifierSyntax<'a>, kind: SymbolKind<'a>) -> SymbolId {
        let id = self.add(name, kind);
        if !name.is_missing() {
            if let Some(first) = self.bound.globals.get(name.name).copied() {
                self.report_repeated(name, first);
            } else {
                self.bound.globals.insert(name.name, id);
            }
        }
        id
    }

    fn report_repeated(&mut self, name: IdentifierSyntax<'a>, first: SymbolId) {
        let first = self.bound.symbol(first).name.span;
        for span in [first, name.span] {
            if self.reported.insert(span.start) {
                let title = format!("`{}` is declared more than once", name.name);
                self.push(
                    "BCP028",
                    title,
                    span,
                    "another declaration has this name",
                    "rename or remove all but one",
                );
            }
        }
    }

    /// Says whether nothing is reported from here on. Gives what was said before.
    pub(super) fn is_silent(&mut self, silent: bool) -> bool {
        std::mem::replace(&mut self.silent, silent)
    }

    pub(super) fn push(
        &mut self,
        code: &'static str,
        title: impl Into<String>,
        span: Span,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        if self.silent {
            return;
        }
        let place = self.bound.place(span);
        let finding = Diagnostic::error(code, title).at(place, label).help(help);
        self.bound.findings.push(finding);
    }

    fn declare(&mut self, statement: StatementSyntax<'a>) {
        match statement {
            StatementSyntax::Parameter(node) => {
                self.add_global(node.name, SymbolKind::Parameter(node));
            }
            StatementSyntax::ParameterAssignment(node) => {
                self.add_global(node.name, SymbolKind::Assignment(node));
            }
            StatementSyntax::Variable(node) => {
                self.add_global(node.name, SymbolKind::Variable(node));
            }
            StatementSyntax::Type(node) => {
                self.add_global(node.name, SymbolKind::Type(node));
            }
            StatementSyntax::Function(node) => {
                self.add_global(node.name, SymbolKind::Function(node));
            }
            StatementSyntax::Module(node) => {
                self.add_global(node.name, SymbolKind::Module(node));
            }
            StatementSyntax::Test(node) => {
                self.add_global(node.name, SymbolKind::Test(node));
            }
            StatementSyntax::Resource(node) => {
                let id = self.next_resource();
                let symbol = self.add_global(node.name, SymbolKind::Resource(id));
                self.add_resource(symbol, node, None);
            }
            StatementSyntax::Import(node) => self.declare_import(node),
            StatementSyntax::Extension(node) => {
                let specification = match node.specification {
                    ExpressionSyntax::Variable(variable) => Some(variable.name),
                    _ => None,
                };
                if let Some(name) = node.alias.or(specification) {
                    self.add_global(name, SymbolKind::Extension);
                }
            }
            _ => {}
        }
    }

    fn declare_import(&mut self, node: &'a ImportSyntax<'a>) {
        match node.what {
            ImportedSyntax::Wildcard(wildcard) => {
                self.add_global(wildcard.alias, SymbolKind::Wildcard(node));
            }
            ImportedSyntax::Named(named) => {
                for item in named.items {
                    if let (Some(name), Some(original)) = (item.name(), item.original_name()) {
                        self.add_global(name, SymbolKind::Imported(node, original));
                    }
                }
            }
            ImportedSyntax::Skipped(_) => {}
        }
    }

    fn next_resource(&self) -> ResourceId {
        ResourceId(u32::try_from(self.bound.resources.len()).unwrap_or(u32::MAX))
    }

    fn add_resource(
        &mut self,
        symbol: SymbolId,
        syntax: &'a ResourceDeclarationSyntax<'a>,
        nested_in: Option<ResourceId>,
    ) {
        let id = self.next_resource();
        self.bound.resources.push(BoundResource { symbol, syntax, nested_in });
        let Some(body) = syntax.body().object else { return };
        for child in body.resources() {
            let child_id = self.next_resource();
            let child_symbol = self.add(child.name, SymbolKind::Resource(child_id));
            if !child.name.is_missing() {
                if let Some(first) = self.bound.members.get(&(id, child.name.name)).copied() {
                    let first = self.bound.resource(first).symbol;
                    self.report_repeated(child.name, first);
                } else {
                    self.bound.members.insert((id, child.name.name), child_id);
                }
            }
            self.add_resource(child_symbol, child, Some(id));
        }
    }

    fn statement(&mut self, statement: StatementSyntax<'a>) {
        // In what the parser could not make sense of, names count as used, and nothing more is told.
        self.silent = matches!(statement, StatementSyntax::Missing(node) if node.broken);
        self.decorators(statement.decorators());
        self.silent = false;
        match statement {
            StatementSyntax::TargetScope(node) => self.expression(node.value),
            StatementSyntax::Metadata(node) => self.expression(node.value),
            StatementSyntax::Parameter(node) => {
                self.owned(node.name, |binder| {
                    binder.types(node.r#type);
                    if let Some(default) = node.default {
                        binder.expression(default);
                    }
                });
            }
            StatementSyntax::ParameterAssignment(node) => {
                self.owned(node.name, |binder| binder.expression(node.value));
            }
            StatementSyntax::Variable(node) => {
                self.whole_variable = Some(node.value.span());
                self.owned(node.name, |binder| {
                    if let Some(declared) = node.r#type {
                        binder.types(declared);
                    }
                    binder.expression(node.value);
                });
                self.whole_variable = None;
            }
            StatementSyntax::Type(node) => {
                self.owned(node.name, |binder| binder.types(node.value));
            }
            StatementSyntax::Function(node) => self.user_function(node),
            StatementSyntax::Output(node) => {
                self.types(node.r#type);
                self.expression(node.value);
            }
            StatementSyntax::Resource(node) => self.resource(node),
            StatementSyntax::Module(node) => {
                self.expression(node.path);
                self.owned(node.name, |binder| binder.expression(node.value));
            }
            StatementSyntax::Assert(node) => self.expression(node.value),
            StatementSyntax::Extension(node) => self.config(node.config),
            StatementSyntax::Using(node) => self.config(node.config),
            StatementSyntax::ExtensionConfig(node) => self.config(node.config),
            StatementSyntax::Test(node) => {
                self.owned(node.name, |binder| binder.expression(node.value));
            }
            StatementSyntax::Import(_)
            | StatementSyntax::Extends(_)
            | StatementSyntax::Missing(_)
            | StatementSyntax::Skipped(_) => {}
        }
    }

    fn config(&mut self, config: Option<ExpressionSyntax<'a>>) {
        if let Some(config) = config {
            self.expression(config);
        }
    }

    pub(super) fn note_use(&mut self, target: SymbolId, member: Option<&'a str>, span: Span) {
        self.bound.uses.push(Use { owner: self.owner, target, member, span });
    }

    // The last name was a namespace if it was the base of this access.
    pub(super) fn note_member(&mut self, base: Span, member: IdentifierSyntax<'a>) {
        if let Some(last) = self.bound.uses.last_mut().filter(|last| last.span == base) {
            last.member = Some(member.name);
        }
    }

    fn owned(&mut self, name: IdentifierSyntax<'a>, walk: impl FnOnce(&mut Self)) {
        let outer = std::mem::replace(&mut self.owner, self.bound.declared(name));
        walk(self);
        self.owner = outer;
    }

    fn user_function(&mut self, node: &'a crate::bicep::syntax::FunctionDeclarationSyntax<'a>) {
        let depth = self.locals.len();
        self.owned(node.name, |binder| {
            // What is wrong with the type of a parameter is told where the parameter is used.
            let silent = binder.is_silent(true);
            for parameter in node.parameters {
                binder.types(parameter.r#type);
            }
            binder.is_silent(silent);
            binder.types(node.return_type);
        });
        for parameter in node.parameters {
            let id = self.add(parameter.name, SymbolKind::FunctionParameter);
            self.locals.push((parameter.name.name, id));
        }
        self.in_function = true;
        self.owned(node.name, |binder| binder.expression(node.body));
        self.in_function = false;
        self.locals.truncate(depth);
    }

    fn resource(&mut self, node: &'a ResourceDeclarationSyntax<'a>) {
        let depth = self.locals.len();
        if let Some(SymbolKind::Resource(id)) =
            self.bound.declared(node.name).map(|symbol| self.bound.symbol(symbol).kind)
        {
            let children = node.body().object.into_iter().flat_map(ObjectSyntax::resources);
            for child in children {
                if let Some(nested) = self.bound.nested(id, child.name.name) {
                    let symbol = self.bound.resource(nested).symbol;
                    self.locals.push((child.name.name, symbol));
                }
            }
        }
        self.owned(node.name, |binder| binder.expression(node.value));
        self.locals.truncate(depth);
    }

    pub(super) fn decorators(&mut self, decorators: &'a [DecoratorSyntax<'a>]) {
        for decorator in decorators {
            // The names of decorators are the checker's matter.
            match decorator.expression {
                ExpressionSyntax::FunctionCall(call) => self.expressions(call.arguments),
                ExpressionSyntax::InstanceFunctionCall(call) => self.expressions(call.arguments),
                ExpressionSyntax::Variable(node) => {
                    if let Some(id) = self.bound.global(node.name.name) {
                        self.note_use(id, None, node.name.span);
                    }
                }
                _ => {}
            }
        }
    }

    pub(super) fn expressions(&mut self, expressions: &'a [ExpressionSyntax<'a>]) {
        for expression in expressions {
            self.expression(*expression);
        }
    }

    pub(super) fn string(&mut self, node: &'a StringSyntax<'a>) {
        self.expressions(node.holes);
    }

    fn object(&mut self, node: &'a ObjectSyntax<'a>) {
        for item in node.items {
            match item {
                ObjectItemSyntax::Property(property) => {
                    if let ObjectKeySyntax::String(key) = property.key {
                        self.string(key);
                    }
                    self.expression(property.value);
                }
                ObjectItemSyntax::Spread(spread) => self.expression(spread.expression),
                ObjectItemSyntax::Resource(resource) => {
                    self.decorators(resource.decorators);
                    self.resource(resource);
                }
                ObjectItemSyntax::Missing(_) | ObjectItemSyntax::Skipped(_) => {}
            }
        }
    }

    #[expect(clippy::too_many_lines, reason = "a flat match")]
    pub(super) fn expression(&mut self, expression: ExpressionSyntax<'a>) {
        match expression {
            ExpressionSyntax::String(node) => self.string(node),
            ExpressionSyntax::Array(node) => {
                for item in node.items {
                    match item {
                        ArrayItemSyntax::Value(value) => self.expression(*value),
                        ArrayItemSyntax::Spread(spread) => self.expression(spread.expression),
                    }
                }
            }
            ExpressionSyntax::Object(node) => self.object(node),
            ExpressionSyntax::Variable(node) => self.name(node.name),
            ExpressionSyntax::FunctionCall(node) => self.call(node),
            ExpressionSyntax::InstanceFunctionCall(node) => self.instance_call(node),
            ExpressionSyntax::PropertyAccess(node) => {
                self.expression(node.base);
                self.note_member(node.base.span(), node.name);
            }
            ExpressionSyntax::ArrayAccess(node) => {
                self.expression(node.base);
                self.expression(node.index);
            }
            ExpressionSyntax::ResourceAccess(node) => self.expression(node.base),
            ExpressionSyntax::NonNullAssertion(node) => self.expression(node.base),
            ExpressionSyntax::Unary(node) => self.expression(node.operand),
            ExpressionSyntax::Binary(node) => {
                self.expression(node.left);
                self.expression(node.right);
            }
            ExpressionSyntax::Ternary(node) => {
                self.expression(node.condition);
                self.expression(node.when_true);
                self.expression(node.when_false);
            }
            ExpressionSyntax::Parenthesized(node) => self.expression(node.expression),
            ExpressionSyntax::Lambda(node) => {
                let depth = self.locals.len();
                for parameter in node.parameters {
                    let id = self.add(*parameter, SymbolKind::LambdaParameter);
                    self.locals.push((parameter.name, id));
                }
                self.expression(node.body);
                self.locals.truncate(depth);
            }
            ExpressionSyntax::For(node) => {
                self.expression(node.expression);
                let depth = self.locals.len();
                let item = self.add(node.item, SymbolKind::Item(node));
                self.locals.push((node.item.name, item));
                if let Some(index) = node.index {
                    let id = self.add(index, SymbolKind::Index(node));
                    if index.name == node.item.name && !index.is_missing() {
                        self.report_repeated(index, item);
                    }
                    self.locals.push((index.name, id));
                }
                self.expression(node.body);
                self.locals.truncate(depth);
            }
            ExpressionSyntax::If(node) => {
                self.expression(node.condition);
                self.expression(node.body);
            }
            ExpressionSyntax::Integer(_)
            | ExpressionSyntax::Boolean(_)
            | ExpressionSyntax::Null(_)
            | ExpressionSyntax::None(_)
            | ExpressionSyntax::Skipped(_) => {}
        }
    }

    fn name(&mut self, used: IdentifierSyntax<'a>) {
        if used.is_missing() {
            return;
        }
        let local = self.locals.iter().rev().find(|(name, _)| *name == used.name);
        let found = local.map(|(_, id)| *id).or_else(|| self.visible_global(used.name));
        if let Some(id) = found {
            self.bound.targets.insert(used.span.start, id);
            self.note_use(id, None, used.span);
            return;
        }
        if let Some(namespace) = Namespace::named(used.name) {
            let id = self.add(used, SymbolKind::Namespace(namespace));
            self.bound.targets.insert(used.span.start, id);
            return;
        }
        if used.name == "base" && self.extends() {
            let id = self.add(used, SymbolKind::Base);
            self.bound.targets.insert(used.span.start, id);
            return;
        }
        if used.name == "base" && self.bound.program.kind == FileKind::Parameters {
            let title = "`base` stands for a file that this one extends";
            let label = "the file extends no other";
            self.push("BCP431", title, used.span, label, "add `extends` and a path");
            return;
        }
        if AMBIENT_TYPES.contains(&used.name) {
            let title = format!("`{}` is a type, not a value", used.name);
            self.push("BCP288", title, used.span, "expected a value", "use a value");
            return;
        }
        if self.report_replaced(used) {
            return;
        }
        if functions::function(None, used.name).is_some() {
            let title = format!("`{}` is a function, not a value", used.name);
            self.push("BCP063", title, used.span, "expected a value", "call the function");
            return;
        }
        let known =
            self.bound.globals.keys().copied().chain(self.locals.iter().map(|(name, _)| *name));
        let mut known: Vec<&str> = known.collect();
        self.compared += known.len();
        if self.compared > MAXIMUM_COMPARISONS {
            return self.report_unknown("BCP057", used, None);
        }
        known.sort_unstable();
        let near = suggestion(used.name, known).map(str::to_owned);
        self.report_unknown("BCP057", used, near);
    }

    /// The declaration of this name that is visible here: a function sees no parameters, resources, modules or types.
    pub(super) fn visible_global(&self, name: &str) -> Option<SymbolId> {
        self.bound.global(name).filter(|id| {
            let kind = self.bound.symbol(*id).kind;
            !self.in_function
                || matches!(
                    kind,
                    SymbolKind::Variable(_)
                        | SymbolKind::Function(_)
                        | SymbolKind::Imported(..)
                        | SymbolKind::Wildcard(_)
                )
        })
    }

    fn extends(&self) -> bool {
        let mut statements = self.bound.program.statements.iter();
        statements.any(|statement| matches!(statement, StatementSyntax::Extends(_)))
    }

    pub(super) fn report_unknown(
        &mut self,
        code: &'static str,
        used: IdentifierSyntax<'a>,
        near: Option<String>,
    ) {
        let title = format!("unknown name `{}`", used.name);
        let label = "no declaration with this name is visible here";
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "declare it, or correct its name".to_owned(),
        };
        self.push(code, title, used.span, label, help);
    }
}
