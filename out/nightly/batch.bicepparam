using './batch.bicep'

param location = 'swedencentral'
param tags = {}
param accountName = 'nightly4e550b34'
param poolAllocationMode = 'BatchService'
param storageAccountName = 'nightlyst4e550b34'
param network = {
  name: 'nightly-vnet'
  addressSpace: '10.64.0.0/16'
  poolSubnet: '10.64.0.0/20'
  securityGroup: 'nightly-nsg'
  natGateway: 'nightly-nat'
  natAddress: 'nightly-nat-ip'
}
param imageVersionId = '/subscriptions/7d2f2ad5-5e52-4a2f-8f4b-3c8c2f1f9a11/resourceGroups/vision-batch/providers/Microsoft.Compute/galleries/vision_gallery/images/vision-ubuntu-24.04/versions/1.0.0'
param nodeAgentSkuId = 'batch.node.ubuntu 24.04'
param pools = {
  nightly: {
    id: 'nightly'
    vmSize: 'Standard_NC4as_T4_v3'
    autoScaleFormula: '$hour = time().hour;\n$TargetDedicatedNodes = $hour >= 1 && $hour < 5 ? 10 : 0;\n$NodeDeallocationOption = taskcompletion;\n'
    autoScaleInterval: 'PT15M'
    taskSlotsPerNode: 1
    containerImageNames: [
      'docker.io/library/python:3.12.7-slim'
    ]
  }
}
