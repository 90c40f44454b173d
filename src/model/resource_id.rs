use serde::Serialize;

use super::resolver::Resolver;

/// A resource that exists, taken apart from its ID.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResourceId {
    /// The whole ID, as it is written.
    pub id: String,
    /// The subscription.
    pub subscription: String,
    /// The resource group.
    pub resource_group: String,
    /// The last part of its name.
    pub name: String,
}

impl ResourceId {
    /// Takes an ID of this type apart, which Azure compares without regard to case.
    pub(super) fn parse(id: &str, kind: &str) -> Option<Self> {
        let mut parts = id.split('/');
        let mut expect =
            |word: &str| parts.next().filter(|part| part.eq_ignore_ascii_case(word)).map(|_| ());
        expect("")?;
        expect("subscriptions")?;
        let subscription = parts.next().filter(|part| !part.is_empty())?;
        parts.next().filter(|part| part.eq_ignore_ascii_case("resourceGroups"))?;
        let resource_group = parts.next().filter(|part| !part.is_empty())?;
        parts.next().filter(|part| part.eq_ignore_ascii_case("providers"))?;
        let mut kinds = kind.split('/');
        let namespace = kinds.next().unwrap_or_default();
        parts.next().filter(|part| part.eq_ignore_ascii_case(namespace))?;
        let mut name = "";
        for kind in kinds {
            parts.next().filter(|part| part.eq_ignore_ascii_case(kind))?;
            name = parts.next().filter(|part| !part.is_empty())?;
        }
        parts.next().is_none().then(|| Self {
            id: id.to_owned(),
            subscription: subscription.to_owned(),
            resource_group: resource_group.to_owned(),
            name: name.to_owned(),
        })
    }

    /// The ID of the resource that this one is a part of: the network of a subnet.
    pub(super) fn parent(&self) -> String {
        let mut parts = self.id.rsplitn(3, '/');
        parts.nth(2).unwrap_or(&self.id).to_owned()
    }

    /// An existing user-assigned identity. Reports `PB1026` for what is none.
    pub(super) fn of_identity(
        resolver: &mut Resolver<'_>,
        id: &str,
        pointer: &str,
    ) -> Option<Self> {
        let found = Self::parse(id, "Microsoft.ManagedIdentity/userAssignedIdentities");
        if found.is_none() {
            resolver.error(
                "PB1026",
                pointer,
                "not the resource ID of a user-assigned identity",
                "expected `/subscriptions/.../userAssignedIdentities/<identity>`",
                "copy it from `az identity show --query id`",
            );
        }
        found
    }
}

/// Whether a text is a resource ID of this type.
pub(super) fn is_resource_id(id: &str, kind: &str) -> bool {
    ResourceId::parse(id, kind).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_taken_apart_and_nothing_else_is_one() {
        let id = "/subscriptions/S/resourcegroups/G/providers/microsoft.network/virtualNetworks/v/subnets/s";
        let kind = "Microsoft.Network/virtualNetworks/subnets";
        let found = ResourceId::parse(id, kind).expect("it is an ID of a subnet");
        assert_eq!((found.subscription.as_str(), found.resource_group.as_str()), ("S", "G"));
        assert_eq!(found.name, "s");
        assert_eq!(found.parent(), id.trim_end_matches("/subnets/s"));
        for wrong in ["", "/", &id[1..], &format!("{id}/"), id.trim_end_matches("/s")] {
            assert_eq!(ResourceId::parse(wrong, kind), None, "{wrong}");
        }
    }
}
