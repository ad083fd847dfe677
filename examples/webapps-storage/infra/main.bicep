// Three web apps on one plan, and the storage account that keeps their logs.

@description('Region of all resources.')
param location string = resourceGroup().location

var suffix = uniqueString(resourceGroup().id)
var apps = [
  {
    name: 'shop'
    command: 'gunicorn --bind 0.0.0.0 shop.app:app'
  }
  {
    name: 'billing'
    command: 'gunicorn --bind 0.0.0.0 --worker-class uvicorn.workers.UvicornWorker billing.app:app'
  }
  {
    name: 'status'
    command: 'gunicorn --bind 0.0.0.0 status.app:app'
  }
]

resource logs 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: 'stlogs${suffix}'
  location: location
  kind: 'StorageV2'
  sku: {
    name: 'Standard_ZRS'
  }
  properties: {
    minimumTlsVersion: 'TLS1_2'
    allowBlobPublicAccess: false
  }
}

resource plan 'Microsoft.Web/serverfarms@2023-12-01' = {
  name: 'plan-shop'
  location: location
  kind: 'linux'
  sku: {
    name: 'B2'
    tier: 'Basic'
  }
  properties: {
    reserved: true
  }
}

resource sites 'Microsoft.Web/sites@2023-12-01' = [for app in apps: {
  name: 'app-${app.name}-${suffix}'
  location: location
  kind: 'app,linux'
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    siteConfig: {
      linuxFxVersion: 'PYTHON|3.12'
      appCommandLine: app.command
      appSettings: [
        {
          name: 'LOG_STORAGE_URL'
          value: logs.properties.primaryEndpoints.blob
        }
        {
          name: 'LOG_STORAGE_KEY'
          value: logs.listKeys().keys[0].value
        }
        {
          name: 'LOG_STORAGE_CONNECTION_STRING'
          value: 'DefaultEndpointsProtocol=https;AccountName=${logs.name};AccountKey=${logs.listKeys().keys[0].value};EndpointSuffix=${environment().suffixes.storage}'
        }
      ]
    }
  }
}]

output logAccount string = logs.name
