
# Asks the Azure CLI for what `prebake catalog import` takes, into the folder answers/. It reads and changes nothing.
# The answers name your subscription; the catalog that is made of them does not.
set -euo pipefail

answers=${1:-answers}
mkdir -p "$answers"

# ask NAME COMMAND...: one answer. What this account may not ask is left out, and said.
ask() {
  local name=$1
  shift
  printf 'az %s\n' "$*" >&2
  if az "$@" --output json > "$answers/$name.json.part"; then
    mv "$answers/$name.json.part" "$answers/$name.json"
  else
    rm -f "$answers/$name.json.part"
    printf 'left out: az %s\n' "$*" >&2
  fi
  # An empty list says nothing.
  if [ -f "$answers/$name.json" ] && [ "$(tr -d '[:space:]' < "$answers/$name.json")" = '[]' ]; then
    rm -f "$answers/$name.json"
  fi
}

ask locations account list-locations
ask vm-skus vm list-skus --all --location "$location" --resource-type virtualMachines
ask vm-usage vm list-usage --location "$location"
ask batch-skus batch location list-skus --location "$location"
ask batch-quota batch location quotas show --location "$location"
for offer in "${offers[@]}"; do
  read -r publisher name <<< "$offer"
  ask "image-skus-$publisher-$name" vm image list-skus --location "$location" --publisher "$publisher" --offer "$name"
  ask "images-$publisher-$name" vm image list --all --location "$location" --publisher "$publisher" --offer "$name"
done
for provider in "${providers[@]}"; do
  ask "provider-$provider" provider show --namespace "$provider"
done
if [ -n "$batch_account" ] && [ -n "$resource_group" ]; then
  ask batch-account batch account show --name "$batch_account" --resource-group "$resource_group"
  endpoint=$(az batch account show --name "$batch_account" --resource-group "$resource_group" \
    --query accountEndpoint --output tsv || true)
  if [ -n "$endpoint" ]; then
    ask supported-images batch pool supported-images list --account-name "$batch_account" \
      --account-endpoint "https://$endpoint"
  fi
fi
if [ -n "$registry" ]; then
  ask registry acr show --name "$registry"
fi

printf '\nNext:\n  prebake catalog import %q --location %q --output catalog\n' "$answers" "$location"
