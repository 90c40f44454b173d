use crate::arm::expression::Expression;
use crate::bicep::binder::SymbolId;

/// What local names mean at some place.
#[derive(Debug, Default)]
pub struct Env<'e> {
    outer: Option<&'e Env<'e>>,
    // The item and index of a loop.
    names: Vec<(SymbolId, Expression)>,
    // Parameters of lambdas that stand for modules.
    modules: Vec<SymbolId>,
}

impl<'e> Env<'e> {
    pub fn empty() -> Self {
        Self::default()
    }

    /// The names of a loop, with no other around it.
    pub fn of(names: Vec<(SymbolId, Expression)>) -> Self {
        Env { outer: None, names, modules: Vec::new() }
    }

    /// Whether no name of a loop has a meaning.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.outer.is_none_or(Self::is_empty)
    }

    /// The same inside a loop.
    pub fn with(&'e self, names: Vec<(SymbolId, Expression)>) -> Self {
        Env { outer: Some(self), names, modules: Vec::new() }
    }

    /// The same inside lambdas whose parameters stand for modules.
    pub fn with_modules(&'e self, modules: Vec<SymbolId>) -> Self {
        Env { outer: Some(self), names: Vec::new(), modules }
    }

    /// What the name of a loop means.
    pub fn get(&self, id: SymbolId) -> Option<&Expression> {
        let here = self.names.iter().find(|(name, _)| *name == id);
        match here {
            Some((_, meaning)) => Some(meaning),
            None => self.outer?.get(id),
        }
    }

    /// Whether the parameter of a lambda stands for a module.
    pub fn is_module(&self, id: SymbolId) -> bool {
        self.modules.contains(&id) || self.outer.is_some_and(|outer| outer.is_module(id))
    }
}
