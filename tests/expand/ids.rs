//! IDs of resources, as far as their place is known.

use prebake::arm::evaluate::{Context, resource_id_of};
use prebake::arm::expression;
use serde_json::json;

use super::expressions::{evaluate, evaluate_in};

fn placed() -> Context {
    Context {
        subscription_id: Some("0000-1".to_owned()),
        resource_group: Some("rg".to_owned()),
        location: Some("swedencentral".to_owned()),
        public_cloud: true,
        ..Context::default()
    }
}

#[test]
fn resource_ids_are_known_where_their_place_is() {
    let nowhere = [
        ("resourceId('A.B/c/d', 'x', 'y')", "[resourceId('A.B/c/d', 'x', 'y')]"),
        (
            "resourceId('s', 'g', 'A.B/c', 'x')",
            "/subscriptions/s/resourceGroups/g/providers/A.B/c/x",
        ),
        ("resourceId('g', 'A.B/c', 'x')", "[resourceId('g', 'A.B/c', 'x')]"),
        ("tenantResourceId('A.B/c', 'x')", "/providers/A.B/c/x"),
        ("extensionResourceId('/x', 'A.B/c', 'y')", "/x/providers/A.B/c/y"),
        (
            "extensionResourceId(resourceId('A.B/c', 'x'), 'L.M/n', 'y')",
            "[extensionResourceId(resourceId('A.B/c', 'x'), 'L.M/n', 'y')]",
        ),
        ("subscriptionResourceId('A.B/c', 'x')", "[subscriptionResourceId('A.B/c', 'x')]"),
        ("format('{0}', resourceId('A.B/c', 'x'))", "[resourceId('A.B/c', 'x')]"),
    ];
    for (text, expected) in nowhere {
        assert_eq!(evaluate(text), json!(expected), "{text}");
    }
    let somewhere = [
        (
            "resourceId('A.B/c/d', 'x', 'y')",
            "/subscriptions/0000-1/resourceGroups/rg/providers/A.B/c/x/d/y",
        ),
        (
            "resourceId('other', 'A.B/c', 'x')",
            "/subscriptions/0000-1/resourceGroups/other/providers/A.B/c/x",
        ),
        ("subscriptionResourceId('A.B/c', 'x')", "/subscriptions/0000-1/providers/A.B/c/x"),
        ("resourceGroup().id", "/subscriptions/0000-1/resourceGroups/rg"),
        ("resourceGroup()['location']", "swedencentral"),
        ("environment().suffixes.storage", "core.windows.net"),
        (
            "resourceId('A.B/c', parameters('later'))",
            "[resourceId('0000-1', 'rg', 'A.B/c', parameters('later'))]",
        ),
    ];
    for (text, expected) in somewhere {
        assert_eq!(evaluate_in(placed(), text), (json!(expected), Vec::new()), "{text}");
    }
}

#[test]
fn a_symbolic_id_has_an_id_with_placeholders() {
    let id = |text: &str| {
        resource_id_of(&expression::parse(text).expect("an expression"), &Context::default())
    };
    assert_eq!(
        id("resourceId('A.B/c', 'x')").as_deref(),
        Some(
            "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/A.B/c/x"
        )
    );
    assert_eq!(
        id("extensionResourceId(resourceId('g', 'A.B/c', 'x'), 'L.M/n', 'y')").as_deref(),
        Some(
            "/subscriptions/{subscriptionId}/resourceGroups/g/providers/A.B/c/x/providers/L.M/n/y"
        )
    );
    assert_eq!(id("resourceId('A.B/c', parameters('x'))"), None);
    assert_eq!(id("reference('x')"), None);
}
