use super::table::Row;
use super::tables::REMOVALS as TABLE;

/// How an id stands for a subscription that no config names.
const UNKNOWN_SUBSCRIPTION: &str = "{subscriptionId}";
/// What the shell puts there: the subscription that the CLI works in.
const CURRENT_SUBSCRIPTION: &str = "$(az account show --query id --output tsv)";

/// The command that deletes a resource; nothing if only Azure knows a part of its id.
pub(crate) fn removal_command(kind: &str, id: &str) -> Option<String> {
    if id.replace(UNKNOWN_SUBSCRIPTION, "").contains('{') {
        return None;
    }
    let row = TABLE.find(kind).or_else(|| TABLE.find("*"));
    let [_, command] = row.map(Row::cells).unwrap_or_default();
    let id = if id.contains(UNKNOWN_SUBSCRIPTION) {
        format!("\"{}\"", id.replace(UNKNOWN_SUBSCRIPTION, CURRENT_SUBSCRIPTION))
    } else {
        format!("'{id}'")
    };
    Some(command.replace("{id}", &id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_subscription_is_the_current_one() {
        let command = removal_command("Microsoft.X/y", "/subscriptions/{subscriptionId}/a");
        let current = "$(az account show --query id --output tsv)";
        let expected = format!("az resource delete --ids \"/subscriptions/{current}/a\"");
        assert_eq!(command, Some(expected));
        assert_eq!(removal_command("Microsoft.X/y", "/a/{guid('x')}"), None);
    }

    #[test]
    fn a_role_assignment_has_a_command_of_its_own() {
        let command = removal_command("microsoft.authorization/roleassignments", "/a/b");
        assert_eq!(command.as_deref(), Some("az role assignment delete --ids '/a/b'"));
    }
}
