# An environment of the module; copy it to <environment>.tfvars.
region      = "eu-west-1"
environment = "staging"

# Or foundation_state = { bucket = "...", key = "...", region = "..." }
foundation = {
  vpc_id             = "vpc-0123456789abcdef0"
  vpc_cidr_block     = "10.20.0.0/16"
  private_subnet_ids = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1", "subnet-0123456789abcdef2"]
  s3_prefix_list_id  = "pl-0123456789abcdef0"
}

buckets           = ["example-staging-uploads"]
oidc_provider_arn = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE"
