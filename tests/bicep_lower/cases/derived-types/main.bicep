type poolProperties = resourceInput<'microsoft.batch/batchaccounts/pools@2024-07-01'>.properties

param whole poolProperties
param part poolProperties.deploymentConfiguration
param size resourceInput<'Microsoft.Batch/batchAccounts/pools@2024-07-01'>.properties.vmSize?
param slots resourceInput<'Microsoft.Batch/batchAccounts/pools@2024-07-01'>.properties.taskSlotsPerNode = 1
param pairs resourceInput<'Microsoft.Batch/batchAccounts/pools@2024-07-01'>.properties.metadata = []
param pair resourceInput<'Microsoft.Batch/batchAccounts/pools@2024-07-01'>.properties.metadata[*]?
param tag resourceInput<'Microsoft.Storage/storageAccounts@2023-01-01'>.tags.*?
param onlyHttps resourceInput<'Microsoft.Storage/storageAccounts@2023-01-01'>.properties.supportsHttpsTrafficOnly?
param kind resourceInput<'Microsoft.Storage/storageAccounts@2023-01-01'>.kind?
param anything resourceInput<'Microsoft.Logic/integrationAccounts/certificates@2019-05-01'>.properties.metadata?

output endpoints resourceOutput<'Microsoft.Storage/storageAccounts@2023-01-01'>.properties.primaryEndpoints? = null
