// One Function App on a Linux plan and the database that it writes to.

@description('Region of all resources.')
param location string = resourceGroup().location

@description('Login of the database server.')
param sqlUser string = 'readings_writer'

@secure()
@description('Password of that login.')
param sqlPassword string

var suffix = uniqueString(resourceGroup().id)
var databaseName = 'readings'

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: 'streadings${suffix}'
  location: location
  kind: 'StorageV2'
  sku: {
    name: 'Standard_LRS'
  }
  properties: {
    minimumTlsVersion: 'TLS1_2'
    allowBlobPublicAccess: false
  }
}

resource server 'Microsoft.Sql/servers@2023-08-01-preview' = {
  name: 'sql-readings-${suffix}'
  location: location
  properties: {
    administratorLogin: sqlUser
    administratorLoginPassword: sqlPassword
    minimalTlsVersion: '1.2'
  }

  resource database 'databases' = {
    name: databaseName
    location: location
    sku: {
      name: 'Basic'
      tier: 'Basic'
    }
  }

  resource azureServices 'firewallRules' = {
    name: 'AllowAllWindowsAzureIps'
    properties: {
      startIpAddress: '0.0.0.0'
      endIpAddress: '0.0.0.0'
    }
  }
}

resource plan 'Microsoft.Web/serverfarms@2023-12-01' = {
  name: 'plan-readings'
  location: location
  kind: 'linux'
  sku: {
    name: 'B1'
    tier: 'Basic'
  }
  properties: {
    reserved: true
  }
}

resource functionApp 'Microsoft.Web/sites@2023-12-01' = {
  name: 'func-readings-${suffix}'
  location: location
  kind: 'functionapp,linux'
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    siteConfig: {
      linuxFxVersion: 'Python|3.11'
      appSettings: [
        {
          name: 'FUNCTIONS_EXTENSION_VERSION'
          value: '~4'
        }
        {
          name: 'FUNCTIONS_WORKER_RUNTIME'
          value: 'python'
        }
        {
          name: 'AzureWebJobsStorage'
          value: 'DefaultEndpointsProtocol=https;AccountName=${storage.name};AccountKey=${storage.listKeys().keys[0].value};EndpointSuffix=${environment().suffixes.storage}'
        }
        {
          name: 'SQL_SERVER'
          value: server.properties.fullyQualifiedDomainName
        }
        {
          name: 'SQL_DATABASE'
          value: databaseName
        }
        {
          name: 'SQL_USER'
          value: sqlUser
        }
        {
          name: 'SQL_PASSWORD'
          value: sqlPassword
        }
      ]
    }
  }
}

output functionApp string = functionApp.name
