use super::document::{Document, Line, collapsed, separated, spread, trimmed};
use super::tokens::{Bracket, Layout};
use crate::bicep::lexer::TokenKind;
use crate::bicep::syntax::{
    DecoratorSyntax, ExpressionSyntax, FunctionDeclarationSyntax, ImportSyntax, ImportedSyntax,
    ProgramSyntax, ResourceDeclarationSyntax, StatementSyntax, TypeSyntax,
};
use crate::diagnostic::Span;

/// What a statement consists of, after its decorators.
#[derive(Clone, Copy)]
enum Part<'a> {
    /// A keyword, name or sign.
    Token,
    Expression(ExpressionSyntax<'a>),
    Type(TypeSyntax<'a>),
    /// `with` and its object.
    With(ExpressionSyntax<'a>),
}

impl<'a> Layout<'a> {
    /// The whole file. Statements with errors of form stay as they are written.
    pub(super) fn program(
        &mut self,
        program: ProgramSyntax<'a>,
        errors: &[Span],
    ) -> Vec<Document<'a>> {
        let mut documents = Vec::new();
        for statement in program.statements {
            documents.extend(self.between(statement.span().start));
            documents.extend(self.statement_or_text(*statement, errors));
        }
        let end = self.tokens.last().map_or(0, |token| token.span.start);
        documents.extend(self.between(end));
        documents.extend(self.take());
        separated(collapsed(trimmed(documents)).0, Line::Hard)
    }

    /// Line ends up to a place, and what else stands there but is part of no statement.
    fn between(&mut self, end: u32) -> Vec<Document<'a>> {
        let mut documents = Vec::new();
        while self.tokens[self.at].span.start < end {
            if self.is(TokenKind::NewLine) {
                documents.extend(self.take());
                continue;
            }
            let first = self.at;
            while self.tokens[self.at].span.start < end && !self.is(TokenKind::NewLine) {
                self.at += 1;
            }
            let mut last = self.at - 1;
            // The line that cannot be read ends with its line end, however many empty lines follow.
            if self.tokens[self.at].span.start < end {
                last = self.at;
                self.at += 1;
            }
            let text = self.whole(first, last).trim();
            if !text.is_empty() {
                documents.push(Document::Text(self.with_line_ends(text)));
            }
        }
        documents
    }

    fn as_written(&self, first: usize, last: usize) -> Document<'a> {
        Document::Text(self.with_line_ends(self.whole(first, last).trim()))
    }

    fn statement_or_text(
        &mut self,
        statement: StatementSyntax<'a>,
        errors: &[Span],
    ) -> Vec<Document<'a>> {
        let span = statement.span();
        let first = self.at;
        let after = self.token_at(span.end.max(span.start + 1));
        let next = self.tokens[after].span.start;
        let is_broken = errors.iter().any(|error| {
            let end = if error.is_empty() { next } else { span.end.saturating_sub(1) };
            error.start <= end && error.end >= span.start
        });
        if !is_broken {
            let documents = self.statement(statement);
            if !std::mem::take(&mut self.lost) && self.at == after {
                return documents;
            }
        }
        self.at = after;
        vec![self.as_written(first, after - 1)]
    }

    fn statement(&mut self, statement: StatementSyntax<'a>) -> Vec<Document<'a>> {
        use Part::{Expression, Token, Type, With};
        let decorators = statement.decorators();
        match statement {
            StatementSyntax::TargetScope(node) => {
                self.declaration(decorators, &[Token, Token, Expression(node.value)])
            }
            StatementSyntax::Metadata(node) => self.named(decorators, Expression(node.value)),
            StatementSyntax::Parameter(node) => {
                let parts = [Token, Token, Type(node.r#type)];
                let default = node.default.map(|value| [Token, Expression(value)]);
                let parts: Vec<Part<'a>> =
                    parts.into_iter().chain(default.into_iter().flatten()).collect();
                self.declaration(decorators, &parts)
            }
            StatementSyntax::Variable(node) => {
                let parts = [Some(Token), Some(Token), node.r#type.map(Type), Some(Token)];
                let parts = parts.into_iter().flatten().chain([Expression(node.value)]);
                self.declaration(decorators, &parts.collect::<Vec<_>>())
            }
            StatementSyntax::Type(node) => self.named(decorators, Type(node.value)),
            StatementSyntax::Function(node) => self.function(node),
            StatementSyntax::Resource(node) => self.resource(node),
            StatementSyntax::Output(node) => {
                let parts = [Token, Token, Type(node.r#type), Token, Expression(node.value)];
                self.declaration(decorators, &parts)
            }
            StatementSyntax::Module(node) => self.bodied(decorators, node.path, false, node.value),
            StatementSyntax::Import(node) => self.import(node),
            StatementSyntax::Extension(node) => {
                let config = node.config.map(With);
                let alias = node.alias.map(|_| [Token, Token]).into_iter().flatten();
                let parts = [Some(Token), Some(Expression(node.specification)), config];
                let parts = parts.into_iter().flatten().chain(alias);
                self.declaration(decorators, &parts.collect::<Vec<_>>())
            }
            StatementSyntax::Assert(node) => self.named(decorators, Expression(node.value)),
            StatementSyntax::Test(node) => {
                let parts = [Token, Token, Expression(node.path), Token, Expression(node.value)];
                self.declaration(decorators, &parts)
            }
            StatementSyntax::Using(node) => {
                let parts = [Some(Token), Some(Expression(node.path)), node.config.map(With)];
                let parts: Vec<_> = parts.into_iter().flatten().collect();
                self.declaration(decorators, &parts)
            }
            StatementSyntax::Extends(node) => {
                self.declaration(decorators, &[Token, Expression(node.path)])
            }
            StatementSyntax::ParameterAssignment(node) => {
                self.named(decorators, Expression(node.value))
            }
            StatementSyntax::ExtensionConfig(node) => {
                let parts = [Some(Token), Some(Token), node.config.map(With)];
                let parts: Vec<_> = parts.into_iter().flatten().collect();
                self.declaration(decorators, &parts)
            }
            StatementSyntax::Missing(_) => self.decorators(decorators),
            StatementSyntax::Skipped(_) => vec![self.unexplained()],
        }
    }

    /// A keyword, a name, `=` and a value.
    fn named(
        &mut self,
        decorators: &'a [DecoratorSyntax<'a>],
        value: Part<'a>,
    ) -> Vec<Document<'a>> {
        self.declaration(decorators, &[Part::Token, Part::Token, Part::Token, value])
    }

    fn declaration(
        &mut self,
        decorators: &'a [DecoratorSyntax<'a>],
        parts: &[Part<'a>],
    ) -> Vec<Document<'a>> {
        let mut documents = self.decorators(decorators);
        let parts = parts.iter().map(|part| self.part(*part)).collect();
        documents.push(spread(parts));
        documents
    }

    fn part(&mut self, part: Part<'a>) -> Document<'a> {
        match part {
            Part::Token => self.one(),
            Part::Expression(node) => self.expression(node),
            Part::Type(node) => self.type_of(node),
            Part::With(node) => {
                let keyword = self.one();
                spread(vec![keyword, self.expression(node)])
            }
        }
    }

    /// Decorators with the line ends after them, without empty lines.
    pub(super) fn decorators(
        &mut self,
        decorators: &'a [DecoratorSyntax<'a>],
    ) -> Vec<Document<'a>> {
        let mut documents = Vec::new();
        for decorator in decorators {
            let at = self.one();
            documents.push(Document::Glue(vec![at, self.expression(decorator.expression)]));
            documents.extend(self.new_lines().into_iter().filter(|part| !part.is_hard_line()));
        }
        documents
    }

    pub(super) fn resource(&mut self, node: &ResourceDeclarationSyntax<'a>) -> Vec<Document<'a>> {
        self.bodied(node.decorators, node.r#type, node.existing.is_some(), node.value)
    }

    /// A resource or module.
    fn bodied(
        &mut self,
        decorators: &'a [DecoratorSyntax<'a>],
        path: ExpressionSyntax<'a>,
        existing: bool,
        value: ExpressionSyntax<'a>,
    ) -> Vec<Document<'a>> {
        let mut documents = self.decorators(decorators);
        let mut parts = vec![self.one(), self.one(), self.expression(path)];
        if existing {
            parts.push(self.one());
        }
        parts.push(self.one());
        let new_lines =
            self.tokens[self.at..].iter().take_while(|it| it.kind == TokenKind::NewLine);
        let new_lines = self.at..self.at + new_lines.count();
        parts.push(if new_lines.into_iter().any(|index| self.has_leading(index)) {
            self.indented(true, |layout| layout.body_parts(value))
        } else {
            self.new_lines();
            self.expression(value)
        });
        documents.push(spread(parts));
        documents
    }

    fn function(&mut self, node: &FunctionDeclarationSyntax<'a>) -> Vec<Document<'a>> {
        let mut documents = self.decorators(node.decorators);
        let (keyword, name) = (self.one(), self.one());
        let bracket = Bracket {
            separator: Line::OrSpace,
            padding: Line::OrNothing,
            broken: false,
            indents_single: true,
        };
        let parameters = self.bracket(bracket, |layout| {
            layout.comma_separated(node.parameters, |layout, parameter, _| {
                let name = layout.one();
                spread(vec![name, layout.type_of(parameter.r#type)])
            })
        });
        let mut lambda = vec![parameters, self.type_of(node.return_type)];
        let arrow = self.one();
        if self.keeps_line_of_arrow(node.body) {
            self.new_lines();
            lambda.extend([arrow, self.expression(node.body)]);
        } else {
            lambda.push(self.indented(false, |layout| {
                let mut parts = vec![arrow];
                parts.extend(layout.body_parts(node.body));
                parts
            }));
        }
        let lambda = Document::Glue(vec![name, spread(lambda)]);
        documents.push(spread(vec![keyword, lambda]));
        documents
    }

    fn import(&mut self, node: &ImportSyntax<'a>) -> Vec<Document<'a>> {
        let mut documents = self.decorators(node.decorators);
        let keyword = self.one();
        let what = match node.what {
            ImportedSyntax::Named(named) => {
                let bracket = Bracket {
                    separator: Line::OrCommaSpace,
                    padding: Line::OrSpace,
                    broken: self.starts_with_new_line() && !named.items.is_empty(),
                    indents_single: true,
                };
                self.bracket(bracket, |layout| {
                    layout.items(named.items, |layout, item| {
                        let mut parts = vec![layout.expression(item.original)];
                        if item.alias.is_some() {
                            parts.extend([layout.one(), layout.one()]);
                        }
                        vec![spread(parts)]
                    })
                })
            }
            ImportedSyntax::Wildcard(_) => spread(vec![self.one(), self.one(), self.one()]),
            ImportedSyntax::Skipped(_) => self.unexplained(),
        };
        let from = spread(vec![self.one(), self.expression(node.path)]);
        documents.push(spread(vec![keyword, what, from]));
        documents
    }
}
