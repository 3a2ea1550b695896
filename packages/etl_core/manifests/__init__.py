"""What starts a job elsewhere: manifests for Kubernetes, ECS and Airflow."""
