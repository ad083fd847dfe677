"""What the templates of a repository declare: resources and hosts, read without any tool of Azure."""
