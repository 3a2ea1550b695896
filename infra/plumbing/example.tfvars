# An environment of the network; copy it to <environment>.tfvars.
region             = "eu-west-1"
environment        = "staging"
availability_zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
nat_gateways       = "single"
