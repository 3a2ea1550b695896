# The stack of data_pipeline: where its jobs run, and the image, logs and alarms that they have.
locals {
  package = "data_pipeline"
}

module "network" {
  source = "../modules/network"

  environment          = var.environment
  package              = local.package
  foundation_state     = var.foundation_state
  foundation           = var.foundation
  database_cidr_blocks = var.database_cidr_blocks
  database_port        = var.database_port
}

module "registry" {
  source = "../modules/registry"

  environment = var.environment
  package     = local.package
  kept_images = var.kept_images
}

module "logs" {
  source = "../modules/logs"

  environment = var.environment
  package     = local.package
  log_days    = var.log_days
}

module "monitoring" {
  source = "../modules/monitoring"

  environment            = var.environment
  package                = local.package
  log_group              = module.logs.log_group
  log_record             = var.log_record
  alarm_topic_arns       = var.alarm_topic_arns
  closed_run_every_hours = var.closed_run_every_hours
}
