using './batch.bicep'

param location = 'swedencentral'
param tags = {}
param accountName = 'lab3547d50c'
param poolAllocationMode = 'BatchService'
param storageAccountName = 'labst3547d50c'
param network = {
  name: 'lab-vnet'
  addressSpace: '10.64.0.0/16'
  poolSubnet: '10.64.0.0/20'
  securityGroup: 'lab-nsg'
  natGateway: 'lab-nat'
  natAddress: 'lab-nat-ip'
}
param identityName = 'lab-pull'
param identityIds = {
  models: '/subscriptions/7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11/resourceGroups/lab-rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/models'
}
param registryServer = 'labregistry.azurecr.io'
param image = {
  gallery: 'lab_gallery'
  definition: 'lab-ubuntu-24.04'
  version: '1.0.0'
}
param nodeAgentSkuId = 'batch.node.ubuntu 24.04'
param secret_labfiles_key = az.getSecret(
  '7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11', 'vaults', 'lab-vault', 'labfiles-key'
)
param secret_operator_password = az.getSecret(
  '7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11', 'vaults', 'lab-vault', 'operator-password', '2f1b0d8f2c9f4d1f8f7a6b5c4d3e2f10'
)
param pools = {
  full: {
    id: 'full'
    vmSize: 'Standard_D8ds_v5'
    dedicatedNodes: 4
    taskSlotsPerNode: 1
    containerImageNames: [
      'labregistry.azurecr.io/solver:1.4'
    ]
    startTaskCommandLine: '/bin/bash -c \'mkfs.ext4 -q /dev/disk/azure/scsi1/lun0 && ls\''
  }
  plain: {
    id: 'plain-842865b1'
    vmSize: 'Standard_D8ds_v5'
    dedicatedNodes: 1
    taskSlotsPerNode: 1
    containerImageNames: [
      'labregistry.azurecr.io/solver:1.4'
    ]
    metadata: [
      {
        name: 'prebake-pool'
        value: 'plain'
      }
    ]
  }
}
