"""Databank: the control plane of a medallion warehouse that a team owns as a dbt project."""
