use super::Expression;

/// A parameter that an expression reads, and what of it: `parameters('pools').dev.id` is `pools`, `dev`, `id`.
pub type ParameterPath = Vec<String>;

impl Expression {
    /// The parameters that it reads, in the order in which they stand; `variable` gives the value of a variable.
    pub fn parameters(&self, variable: &dyn Fn(&str) -> Option<Self>) -> Vec<ParameterPath> {
        let mut found = Vec::new();
        self.collect_parameters(variable, &mut found, MOST_VARIABLES);
        found
    }

    fn collect_parameters(
        &self,
        variable: &dyn Fn(&str) -> Option<Self>,
        found: &mut Vec<ParameterPath>,
        depth: usize,
    ) {
        if let Some(path) = self.parameter_path() {
            found.push(path);
            return;
        }
        match self {
            Self::String(_) | Self::Integer(_) => {}
            Self::Call { name, arguments } => {
                if let (true, [Self::String(name)]) = (name == "variables", &arguments[..])
                    && let Some(value) = variable(name).filter(|_| depth > 0)
                {
                    value.collect_parameters(variable, found, depth - 1);
                }
                for argument in arguments {
                    argument.collect_parameters(variable, found, depth);
                }
            }
            Self::Property { base, .. } => base.collect_parameters(variable, found, depth),
            Self::Index { base, index } => {
                base.collect_parameters(variable, found, depth);
                index.collect_parameters(variable, found, depth);
            }
        }
    }

    /// The path, if this is a parameter or something of one.
    fn parameter_path(&self) -> Option<ParameterPath> {
        match self {
            Self::Call { name, arguments } if name == "parameters" => match &arguments[..] {
                [Self::String(name)] => Some(vec![name.clone()]),
                _ => None,
            },
            Self::Property { base, name } => {
                let mut path = base.parameter_path()?;
                path.push(name.clone());
                Some(path)
            }
            Self::Index { base, index } => {
                let mut path = base.parameter_path()?;
                path.push(match &**index {
                    Self::String(name) => name.clone(),
                    Self::Integer(number) => number.to_string(),
                    _ => return Some(path),
                });
                Some(path)
            }
            _ => None,
        }
    }
}

/// How many variables may refer to one another in a row.
const MOST_VARIABLES: usize = 16;

#[cfg(test)]
mod tests {
    use super::super::parse;

    #[test]
    fn parameters_come_in_order_with_their_paths() {
        let text = "format('{0}/{1}', parameters('account'), variables('id')[0])";
        let expression = parse(text).expect("an expression");
        let variable = |name: &str| {
            (name == "id").then(|| parse("parameters('pools').dev['id']").expect("an expression"))
        };
        let found = expression.parameters(&variable);
        assert_eq!(found, [vec!["account"], vec!["pools", "dev", "id"]]);
    }
}
