use super::{Items, NEW_LINE, Parsed, Parser, TokenSet, hides_next, missing_span};
use crate::bicep::lexer::TokenKind;
use crate::bicep::parser::expression::Allow;
use crate::bicep::problem::SyntaxErrorKind;
use crate::bicep::syntax::{
    AssertDeclarationSyntax, DecoratorSyntax, ExpressionSyntax, ExtendsSyntax,
    ExtensionConfigSyntax, ExtensionSyntax, FileKind, FunctionCallSyntax,
    FunctionDeclarationSyntax, IdentifierSyntax, ImportSyntax, ImportedSymbolSyntax,
    ImportedSyntax, InstanceFunctionCallSyntax, MetadataDeclarationSyntax,
    MissingDeclarationSyntax, ModuleDeclarationSyntax, NamedImportsSyntax, NoneSyntax,
    ObjectItemSyntax, OutputDeclarationSyntax, ParameterAssignmentSyntax,
    ParameterDeclarationSyntax, PropertyAccessSyntax, ResourceDeclarationSyntax, SkippedSyntax,
    StatementSyntax, TargetScopeSyntax, TestDeclarationSyntax, TypeDeclarationSyntax, TypeSyntax,
    TypedParameterSyntax, UsingSyntax, VariableAccessSyntax, VariableDeclarationSyntax,
    WildcardImportSyntax,
};
use crate::diagnostic::Span;

const AFTER_NAME: TokenSet = TokenSet::of(&[TokenKind::Identifier, TokenKind::NewLine]);
const AFTER_PATH: TokenSet = TokenSet::of(&[TokenKind::Assignment, TokenKind::NewLine]);
const BEFORE_PATH: TokenSet =
    TokenSet::of(&[TokenKind::StringComplete, TokenKind::StringLeft, TokenKind::NewLine]);
const BODY_START: TokenSet = TokenSet::of(&[TokenKind::LeftBrace, TokenKind::NewLine]);
const LAMBDA_END: TokenSet = TokenSet::of(&[TokenKind::NewLine, TokenKind::RightParen]);

type Decorators<'a> = &'a [DecoratorSyntax<'a>];

impl<'a> Parser<'a, '_> {
    pub(super) fn program(&mut self, kind: FileKind) -> &'a [StatementSyntax<'a>] {
        let mut statements = Vec::new();
        while !self.at_end() {
            if self.take_if(TokenKind::NewLine).is_some() {
                continue;
            }
            match self.recover(false, NEW_LINE, |parser| parser.statement(kind)) {
                Ok(statement) => {
                    statements.push(statement);
                    // After decorators alone, the new line has been taken with the last of them.
                    if !matches!(statement, StatementSyntax::Missing(_)) {
                        self.end_of_line();
                    }
                }
                Err(skipped) => statements.push(StatementSyntax::Skipped(self.node(skipped))),
            }
        }
        self.list(&statements)
    }

    /// Takes the new line that must follow, or reports and skips what stands there instead.
    fn end_of_line(&mut self) {
        let skipped = self.recover(false, NEW_LINE, |parser| {
            if parser.at_end() || parser.take_if(TokenKind::NewLine).is_some() {
                Ok(())
            } else {
                Err(parser.refusal(SyntaxErrorKind::ExpectedNewLine))
            }
        });
        if skipped.is_err() {
            self.take_if(TokenKind::NewLine);
        }
    }

    fn statement(&mut self, kind: FileKind) -> Parsed<StatementSyntax<'a>> {
        let problems = self.problems.len();
        let decorators = self.decorators();
        let broken = self.problems.len() > problems;
        let read = match kind {
            FileKind::Bicep => self.bicep_statement(decorators)?,
            FileKind::Parameters => self.parameters_statement(decorators)?,
        };
        if let Some(statement) = read {
            return Ok(statement);
        }
        if let Some(missing) = self.missing(decorators, broken) {
            return Ok(StatementSyntax::Missing(missing));
        }
        Err(self.refusal(match kind {
            FileKind::Bicep => SyntaxErrorKind::UnknownDeclaration,
            FileKind::Parameters => SyntaxErrorKind::UnknownParametersDeclaration,
        }))
    }

    fn missing(
        &self,
        decorators: Decorators<'a>,
        broken: bool,
    ) -> Option<&'a MissingDeclarationSyntax<'a>> {
        let span = decorators.first()?.span.to(decorators.last()?.span);
        Some(self.node(MissingDeclarationSyntax { broken, decorators, span }))
    }

    /// The word that may start a statement here.
    fn keyword(&self) -> &'a str {
        if self.is(TokenKind::Identifier) { self.text_of(self.token()) } else { "" }
    }

    fn bicep_statement(
        &mut self,
        decorators: Decorators<'a>,
    ) -> Parsed<Option<StatementSyntax<'a>>> {
        Ok(Some(match self.keyword() {
            "targetScope" => self.target_scope(decorators),
            "metadata" => self.metadata(decorators),
            "param" => self.parameter(decorators),
            "var" => self.variable(decorators),
            "type" => self.type_declaration(decorators),
            "func" => self.function(decorators),
            "resource" => StatementSyntax::Resource(self.resource(decorators)),
            "output" => self.output(decorators),
            "module" => self.module(decorators),
            "import" => self.import(decorators)?,
            "extension" => self.extension(decorators),
            "assert" => self.assert(decorators),
            "test" => self.test(decorators),
            _ => return Ok(None),
        }))
    }

    fn parameters_statement(
        &mut self,
        decorators: Decorators<'a>,
    ) -> Parsed<Option<StatementSyntax<'a>>> {
        Ok(Some(match self.keyword() {
            "using" => self.using(decorators),
            "extends" => self.extends(decorators),
            "param" => self.parameter_assignment(decorators),
            "var" => self.variable(decorators),
            "type" => self.type_declaration(decorators),
            "import" => self.import(decorators)?,
            "extensionConfig" => self.extension_config(decorators),
            _ => return Ok(None),
        }))
    }

    /// From the first decorator, or else the keyword, to here.
    fn whole(&self, decorators: Decorators<'a>, keyword: Span) -> Span {
        self.since(decorators.first().map_or(keyword, |decorator| decorator.span))
    }

    /// The decorators that stand here, each on a line of its own.
    pub(super) fn decorators(&mut self) -> Decorators<'a> {
        let mut decorators = Items::new();
        while self.is(TokenKind::At) {
            let problems = self.problems.len();
            decorators.push(self.decorator());
            if self.at_end() && self.problems.len() == problems {
                self.report(SyntaxErrorKind::ExpectedNewLine, self.here());
            }
            self.end_of_line();
            self.new_lines();
        }
        self.list(&decorators)
    }

    fn decorator(&mut self) -> DecoratorSyntax<'a> {
        let at = self.take();
        let expression = self.or_skipped(false, NEW_LINE, |parser| {
            let name = parser.expect_name(SyntaxErrorKind::ExpectedDecoratorName)?;
            let mut called = parser.decorator_call(None, name)?;
            while parser.take_if(TokenKind::Dot).is_some() {
                let name = parser.name_or_nothing(SyntaxErrorKind::ExpectedMemberName);
                called = parser.decorator_call(Some(called), name)?;
                parser.link()?;
            }
            Ok(called)
        });
        DecoratorSyntax { expression, span: at.to(expression.span()) }
    }

    fn decorator_call(
        &mut self,
        base: Option<ExpressionSyntax<'a>>,
        name: IdentifierSyntax<'a>,
    ) -> Parsed<ExpressionSyntax<'a>> {
        let start = base.map_or(name.span, ExpressionSyntax::span);
        let is_call = self.is(TokenKind::LeftParen);
        let arguments = if is_call { self.call_arguments(Allow::COMPLEX)? } else { &[] };
        let span = self.since(start);
        Ok(match (base, is_call) {
            (None, true) => ExpressionSyntax::FunctionCall(self.node(FunctionCallSyntax {
                name,
                arguments,
                span,
            })),
            (None, false) => ExpressionSyntax::Variable(self.node(VariableAccessSyntax { name })),
            (Some(base), true) => {
                let node = InstanceFunctionCallSyntax { base, name, arguments, span };
                ExpressionSyntax::InstanceFunctionCall(self.node(node))
            }
            (Some(base), false) => {
                let node = PropertyAccessSyntax { base, name, safe: false, span };
                ExpressionSyntax::PropertyAccess(self.node(node))
            }
        })
    }

    fn target_scope(&mut self, decorators: Decorators<'a>) -> StatementSyntax<'a> {
        let keyword = self.take();
        self.sign(false, NEW_LINE, TokenKind::Assignment, "=");
        let value = self.value_after(None);
        let span = self.whole(decorators, keyword);
        let node = TargetScopeSyntax { decorators, keyword, value, span };
        StatementSyntax::TargetScope(self.node(node))
    }

    fn metadata(&mut self, decorators: Decorators<'a>) -> StatementSyntax<'a> {
        let keyword = self.take();
        let name = self.name(SyntaxErrorKind::ExpectedMetadataName, AFTER_PATH);
        let value = self.assigned_value(missing_span(name));
        let span = self.whole(decorators, keyword);
        let node = MetadataDeclarationSyntax { decorators, keyword, name, value, span };
        StatementSyntax::Metadata(self.node(node))
    }

    fn parameter(&mut self, decorators: Decorators<'a>) -> StatementSyntax<'a> {
        let keyword = self.take();
        let name = self.name(SyntaxErrorKind::ExpectedParameterName, AFTER_NAME);
        let stop = AFTER_PATH.with(TokenKind::LeftBrace);
        let hidden = Self::name_hides(name);
        let r#type = self.type_or_skipped(hidden, stop, |parser| parser.declared_type(false));
        let hidden = hides_next(skipped_type_span(r#type));
        let default = self.recover(hidden, NEW_LINE, |parser| match parser.kind() {
            TokenKind::NewLine | TokenKind::EndOfFile => Ok(None),
            TokenKind::Assignment => {
                parser.take();
                Ok(Some(parser.value_after(None)))
            }
            _ => Err(parser.refusal(SyntaxErrorKind::ExpectedDefaultOrNewLine)),
        });
        let default = default.unwrap_or_default();
        let span = self.whole(decorators, keyword);
        let node = ParameterDeclarationSyntax { decorators, keyword, name, r#type, default, span };
        StatementSyntax::Parameter(self.node(node))
    }

    fn variable(&mut self, decorators: Decorators<'a>) -> StatementSyntax<'a> {
        let keyword = self.take();
        let name = self.name(SyntaxErrorKind::ExpectedVariableName, AFTER_NAME);
        let untyped = AFTER_PATH.with(TokenKind::EndOfFile).contains(self.kind());
        let hidden = Self::name_hides(name);
        let r#type = (!untyped).then(|| {
            self.type_or_skipped(hidden, AFTER_PATH, |parser| parser.declared_type(false))
        });
        let before = match r#type {
            Some(r#type) => skipped_type_span(r#type),
            None => missing_span(name),
        };
        let value = self.assigned_value(before);
        let span = self.whole(decorators, keyword);
        let node = VariableDeclarationSyntax { decorators, keyword, name, r#type, value, span };
        StatementSyntax::Variable(self.node(node))
    }

    fn type_declaration(&mut self, decorators: Decorators<'a>) -> StatementSyntax<'a> {
        let keyword = self.take();
        let name = self.name(SyntaxErrorKind::ExpectedNameOfType, AFTER_PATH);
        let hidden = Self::name_hides(name);
        self.sign(hidden, NEW_LINE, TokenKind::Assignment, "=");
        let stop = AFTER_PATH.with(TokenKind::LeftBrace);
        let value = self.type_or_skipped(hidden, stop, |parser| parser.declared_type(false));
        let span = self.whole(decorators, keyword);
        let node = TypeDeclarationSyntax { decorators, keyword, name, value, span };
        StatementSyntax::Type(self.node(node))
    }

    fn function(&mut self, decorators: Decorators<'a>) -> StatementSyntax<'a> {
        let keyword = self.take();
        let name = self.name(SyntaxErrorKind::ExpectedVariableName, AFTER_PATH);
        let start = self.here();
        let hidden = Self::name_hides(name);
        let read = self.recover(hidden, NEW_LINE, |parser| {
            let list = parser.parenthesized(
                true,
                |parser| Ok(Some(parser.typed_parameter())),
                |_, _| None,
            )?;
            let parameters: Items<_> = list.items.into_iter().flatten().collect();
            let parameters = parser.list(&parameters);
            let declared = |parser: &mut Self| parser.declared_type(false);
            let return_type = parser.type_or_skipped(false, LAMBDA_END, declared);
            let arrow = parser.sign(false, LAMBDA_END, TokenKind::Arrow, "=>");
            let body = if arrow.is_none() {
                parser.lambda_body()
            } else {
                parser.or_skipped(false, LAMBDA_END, |parser| parser.expression(Allow::COMPLEX))
            };
            Ok((parameters, return_type, body))
        });
        let (parameters, return_type, body) =
            read.unwrap_or_else(|skipped| (&[], self.skipped_type(skipped), self.skipped(skipped)));
        let lambda = self.since(start);
        let span = self.whole(decorators, keyword);
        StatementSyntax::Function(self.node(FunctionDeclarationSyntax {
            decorators,
            keyword,
            name,
            parameters,
            return_type,
            body,
            lambda,
            span,
        }))
    }

    fn typed_parameter(&mut self) -> TypedParameterSyntax<'a> {
        let name = self.name_or_nothing(SyntaxErrorKind::ExpectedVariableName);
        let stop = LAMBDA_END.with(TokenKind::Comma);
        let r#type = self.type_or_skipped(false, stop, |parser| parser.declared_type(false));
        let span = name.span.to(r#type.span());
        TypedParameterSyntax { name, r#type, span }
    }

    fn output(&mut self, decorators: Decorators<'a>) -> StatementSyntax<'a> {
        let keyword = self.take();
        let name = self.name(SyntaxErrorKind::ExpectedOutputName, AFTER_NAME);
        let hidden = Self::name_hides(name);
        let r#type = self.type_or_skipped(hidden, AFTER_PATH, |parser| parser.declared_type(true));
        let value = self.assigned_value(skipped_type_span(r#type));
        let span = self.whole(decorators, keyword);
        let node = OutputDeclarationSyntax { decorators, keyword, name, r#type, value, span };
        StatementSyntax::Output(self.node(node))
    }

    /// Whether a resource starts here inside another one's body, rather than a property that is
    /// called `resource`.
    pub(super) fn at_nested_resource(&self) -> bool {
        self.is(TokenKind::At)
            || self.at_word("resource") && self.ahead(1).kind == TokenKind::Identifier
    }

    pub(super) fn nested_resource(&mut self) -> ObjectItemSyntax<'a> {
        let item = self.recover(false, NEW_LINE, |parser| {
            let problems = parser.problems.len();
            let decorators = parser.decorators();
            let broken = parser.problems.len() > problems;
            if parser.at_word("resource") {
                return Ok(ObjectItemSyntax::Resource(parser.resource(decorators)));
            }
            let missing = parser.missing(decorators, broken);
            missing
                .map(ObjectItemSyntax::Missing)
                .ok_or_else(|| parser.refusal(SyntaxErrorKind::UnknownDeclaration))
        });
        item.unwrap_or_else(|skipped| ObjectItemSyntax::Skipped(self.node(skipped)))
    }

    fn resource(&mut self, decorators: Decorators<'a>) -> &'a ResourceDeclarationSyntax<'a> {
        let keyword = self.take();
        let name = self.name(SyntaxErrorKind::ExpectedResourceName, BEFORE_PATH);
        let hidden = Self::name_hides(name);
        let r#type = self.path(hidden, AFTER_PATH, SyntaxErrorKind::ExpectedResourceType);
        let existing = self.at_word("existing").then(|| self.take());
        let sign = self.sign(Self::hides(r#type), BODY_START, TokenKind::Assignment, "=");
        let value = self.body(sign, Allow::RESOURCES);
        let span = self.whole(decorators, keyword);
        self.node(ResourceDeclarationSyntax {
            decorators,
            keyword,
            name,
            r#type,
            existing,
            value,
            span,
        })
    }

    /// The body of a resource or module after its `=`.
    fn body(&mut self, sign: Option<Span>, allow: Allow) -> ExpressionSyntax<'a> {
        if sign.is_none() && self.is_word(self.past_new_lines(0), "if") {
            self.new_lines();
        }
        self.or_skipped(hides_next(sign), NEW_LINE, |parser| match parser.kind() {
            TokenKind::LeftBrace => parser.object(allow),
            TokenKind::LeftSquare => parser.for_loop(allow, true),
            _ if parser.at_word("if") => parser.if_condition(allow, false),
            _ => Err(parser.refusal(SyntaxErrorKind::ExpectedBody)),
        })
    }

    fn module(&mut self, decorators: Decorators<'a>) -> StatementSyntax<'a> {
        let keyword = self.take();
        let name = self.name(SyntaxErrorKind::ExpectedModuleName, BEFORE_PATH);
        let hidden = Self::name_hides(name);
        let path = self.path(hidden, AFTER_PATH, SyntaxErrorKind::ExpectedModulePath);
        let sign = self.sign(Self::hides(path), BODY_START, TokenKind::Assignment, "=");
        let value = self.body(sign, Allow::COMPLEX);
        let span = self.whole(decorators, keyword);
        let node = ModuleDeclarationSyntax { decorators, keyword, name, path, value, span };
        StatementSyntax::Module(self.node(node))
    }

    fn test(&mut self, decorators: Decorators<'a>) -> StatementSyntax<'a> {
        let keyword = self.take();
        let name = self.name(SyntaxErrorKind::ExpectedTestName, BEFORE_PATH);
        let hidden = Self::name_hides(name);
        let path = self.path(hidden, AFTER_PATH, SyntaxErrorKind::ExpectedTestPath);
        let sign = self.sign(Self::hides(path), BODY_START, TokenKind::Assignment, "=");
        let value =
            self.or_skipped(hides_next(sign), NEW_LINE, |parser| parser.object(Allow::COMPLEX));
        let span = self.whole(decorators, keyword);
        let node = TestDeclarationSyntax { decorators, keyword, name, path, value, span };
        StatementSyntax::Test(self.node(node))
    }

    fn assert(&mut self, decorators: Decorators<'a>) -> StatementSyntax<'a> {
        let keyword = self.take();
        let name = self.name(SyntaxErrorKind::ExpectedAssertName, AFTER_PATH);
        let value = self.assigned_value(missing_span(name));
        let span = self.whole(decorators, keyword);
        let node = AssertDeclarationSyntax { decorators, keyword, name, value, span };
        StatementSyntax::Assert(self.node(node))
    }

    /// An import of symbols, or of an extension in its old spelling.
    fn import(&mut self, decorators: Decorators<'a>) -> Parsed<StatementSyntax<'a>> {
        if matches!(self.ahead(1).kind, TokenKind::StringComplete | TokenKind::StringLeft) {
            return Ok(self.extension(decorators));
        }
        let keyword = self.take();
        let what = self.imported()?;
        let path = self.or_skipped(false, NEW_LINE, |parser| {
            parser.expect_word("from")?;
            Ok(parser.path(false, NEW_LINE, SyntaxErrorKind::ExpectedModulePath))
        });
        let span = self.whole(decorators, keyword);
        let node = ImportSyntax { decorators, keyword, what, path, span };
        Ok(StatementSyntax::Import(self.node(node)))
    }

    fn imported(&mut self) -> Parsed<ImportedSyntax<'a>> {
        let start = self.token().span;
        match self.kind() {
            TokenKind::LeftBrace => {
                let open = self.take();
                let items = self.elements(TokenKind::RightBrace, Self::imported_symbol)?;
                self.expect(TokenKind::RightBrace, "}")?;
                let items: Items<_> = items.into_iter().flatten().collect();
                let (items, span) = (self.list(&items), self.since(open));
                Ok(ImportedSyntax::Named(self.node(NamedImportsSyntax { items, span })))
            }
            TokenKind::Asterisk => {
                let wildcard = self.recover(false, NEW_LINE, |parser| {
                    parser.take();
                    parser.expect_word("as")?;
                    let alias = parser.expect_name(SyntaxErrorKind::ExpectedNamespaceName)?;
                    Ok(WildcardImportSyntax { alias, span: parser.since(start) })
                });
                Ok(match wildcard {
                    Ok(node) => ImportedSyntax::Wildcard(self.node(node)),
                    Err(skipped) => ImportedSyntax::Skipped(self.node(skipped)),
                })
            }
            TokenKind::EndOfFile | TokenKind::NewLine | TokenKind::Identifier => {
                let span = self.here();
                self.report(SyntaxErrorKind::ExpectedImports, span);
                Ok(ImportedSyntax::Skipped(self.node(SkippedSyntax { span })))
            }
            _ => {
                let span = self.take();
                self.report(SyntaxErrorKind::ExpectedImports, span);
                Ok(ImportedSyntax::Skipped(self.node(SkippedSyntax { span })))
            }
        }
    }

    fn imported_symbol(&mut self) -> Option<ImportedSymbolSyntax<'a>> {
        let start = self.token().span;
        let original = match self.kind() {
            TokenKind::Identifier => {
                let name = self.take_name();
                ExpressionSyntax::Variable(self.node(VariableAccessSyntax { name }))
            }
            TokenKind::StringComplete | TokenKind::StringLeft => {
                let interpolated = self.is(TokenKind::StringLeft);
                match self.string() {
                    Ok(string) if !interpolated => ExpressionSyntax::String(string),
                    Ok(_) => {
                        let span = self.since(start);
                        self.report(SyntaxErrorKind::NotConstant, span);
                        self.skipped(SkippedSyntax { span })
                    }
                    Err(skipped) => self.skipped(skipped),
                }
            }
            _ => {
                let span = self.take();
                self.report(SyntaxErrorKind::ExpectedExportedName, span);
                self.skipped(SkippedSyntax { span })
            }
        };
        let alias = self.at_word("as").then(|| {
            self.take();
            let stop = TokenSet::of(&[TokenKind::Comma, TokenKind::NewLine]);
            self.name(SyntaxErrorKind::ExpectedTypeName, stop)
        });
        if alias.is_none() && matches!(original, ExpressionSyntax::String(_)) {
            self.report(SyntaxErrorKind::ImportNeedsAlias, original.span());
            return None;
        }
        Some(ImportedSymbolSyntax { original, alias, span: self.since(start) })
    }

    fn extension(&mut self, decorators: Decorators<'a>) -> StatementSyntax<'a> {
        let keyword = self.take();
        let specification = if self.is(TokenKind::Identifier) {
            let name = self.take_name();
            ExpressionSyntax::Variable(self.node(VariableAccessSyntax { name }))
        } else {
            self.path(false, NEW_LINE, SyntaxErrorKind::ExpectedExtensionPath)
        };
        let ends = |parser: &Self| parser.at_end() || parser.is(TokenKind::NewLine);
        let config = (!ends(self) && !self.at_word("as"))
            .then(|| self.with_clause(Self::hides(specification)));
        let hidden = config.is_some_and(Self::hides);
        let alias = (!ends(self)).then(|| {
            let read = self.recover(hidden, NEW_LINE, |parser| {
                parser.expect_word("as")?;
                Ok(parser.name(SyntaxErrorKind::ExpectedExtensionName, NEW_LINE))
            });
            read.unwrap_or_else(|skipped| IdentifierSyntax { name: "", span: skipped.span })
        });
        let span = self.whole(decorators, keyword);
        let node = ExtensionSyntax { decorators, keyword, specification, config, alias, span };
        StatementSyntax::Extension(self.node(node))
    }

    /// `with { }`
    fn with_clause(&mut self, hidden: bool) -> ExpressionSyntax<'a> {
        self.or_skipped(hidden, NEW_LINE, |parser| {
            if !parser.at_word("with") {
                return Err(parser.refusal(SyntaxErrorKind::ExpectedWithOrAs));
            }
            parser.take();
            let config = parser.recover(false, NEW_LINE, |parser| parser.object(Allow::COMPLEX));
            Ok(config.unwrap_or_else(|skipped| parser.skipped(skipped)))
        })
    }

    fn using(&mut self, decorators: Decorators<'a>) -> StatementSyntax<'a> {
        let keyword = self.take();
        let path = if self.at_word("none") {
            let span = self.take();
            ExpressionSyntax::None(self.node(NoneSyntax { span }))
        } else {
            self.path(false, AFTER_PATH, SyntaxErrorKind::ExpectedFilePath)
        };
        let config = self.at_word("with").then(|| self.with_clause(Self::hides(path)));
        let span = self.whole(decorators, keyword);
        let node = UsingSyntax { decorators, keyword, path, config, span };
        StatementSyntax::Using(self.node(node))
    }

    fn extends(&mut self, decorators: Decorators<'a>) -> StatementSyntax<'a> {
        let keyword = self.take();
        let path = self.path(false, AFTER_PATH, SyntaxErrorKind::ExpectedFilePath);
        let span = self.whole(decorators, keyword);
        let node = ExtendsSyntax { decorators, keyword, path, span };
        StatementSyntax::Extends(self.node(node))
    }

    fn parameter_assignment(&mut self, decorators: Decorators<'a>) -> StatementSyntax<'a> {
        let keyword = self.take();
        let name = self.name(SyntaxErrorKind::ExpectedParameterName, AFTER_NAME);
        let value = self.assigned_value(missing_span(name));
        let span = self.whole(decorators, keyword);
        let node = ParameterAssignmentSyntax { decorators, keyword, name, value, span };
        StatementSyntax::ParameterAssignment(self.node(node))
    }

    fn extension_config(&mut self, decorators: Decorators<'a>) -> StatementSyntax<'a> {
        let keyword = self.take();
        let name = self.name(SyntaxErrorKind::ExpectedExtensionName, AFTER_NAME);
        let ends = self.at_end() || self.is(TokenKind::NewLine);
        let config = (!ends).then(|| self.with_clause(Self::name_hides(name)));
        let span = self.whole(decorators, keyword);
        let node = ExtensionConfigSyntax { decorators, keyword, name, config, span };
        StatementSyntax::ExtensionConfig(self.node(node))
    }
}

/// What a type before this was, if it was skipped.
fn skipped_type_span(r#type: TypeSyntax<'_>) -> Option<Span> {
    match r#type {
        TypeSyntax::Skipped(node) => Some(node.span),
        _ => None,
    }
}
