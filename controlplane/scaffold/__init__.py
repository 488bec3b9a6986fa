"""The files of a new project: a dbt project that stands on its own, with what its models need."""

from controlplane.scaffold.folder import new_folder
from controlplane.scaffold.project import write_project

__all__ = ["new_folder", "write_project"]
