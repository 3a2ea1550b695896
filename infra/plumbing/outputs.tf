# What the stacks of the modules take from here.
output "foundation" {
  description = "All that a module's stack needs of the network, in one object."
  value = {
    vpc_id             = aws_vpc.this.id
    vpc_cidr_block     = aws_vpc.this.cidr_block
    private_subnet_ids = [for zone in var.availability_zones : aws_subnet.private[zone].id]
    s3_prefix_list_id  = aws_vpc_endpoint.s3.prefix_list_id
  }
}

output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "private_subnet_ids" {
  description = "Subnets of the cluster's nodes and the jobs, in the order of the zones."
  value       = [for zone in var.availability_zones : aws_subnet.private[zone].id]
}

output "public_subnet_ids" {
  description = "Subnets of the NAT gateways and load balancers, in the order of the zones."
  value       = [for zone in var.availability_zones : aws_subnet.public[zone].id]
}

output "private_route_table_ids" {
  description = "Route tables of the private subnets, for peerings and further gateway endpoints."
  value       = [for zone in var.availability_zones : aws_route_table.private[zone].id]
}

output "s3_prefix_list_id" {
  description = "Names the addresses of S3 in security group rules."
  value       = aws_vpc_endpoint.s3.prefix_list_id
}

output "endpoint_security_group_id" {
  description = "Security group of the interface endpoints."
  value       = aws_security_group.endpoints.id
}

output "nat_addresses" {
  description = "Public addresses that the jobs are seen from, for allow lists of others."
  value       = [for zone in local.nat_zones : aws_eip.nat[zone].public_ip]
}

output "flow_log_group" {
  description = "CloudWatch log group of the flow logs."
  value       = aws_cloudwatch_log_group.flow.name
}
