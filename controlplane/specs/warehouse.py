"""The warehouse: what `specs/warehouses/<slug>.yml` holds, in the shape of `POST /warehouses`."""

from __future__ import annotations

import warnings
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from controlplane import naming
from controlplane.specs.block import Block, FieldProblem, Partitioning
from controlplane.specs.values import Cores, Duration, Name, Rate, Rhythm, Size, Text

WarehouseType = Literal["oltp", "olap", "data_lake", "data_mart", "hybrid"]
OLDER_TYPES = {"warehouse": "olap", "operational": "oltp", "lake": "data_lake"}


def older_type_warning(older: str) -> str:
    """What is said to somebody who uses a type's name from before version 3."""
    return f"'{older}' is an older name and will go; write '{OLDER_TYPES[older]}'"


def _todays_name(value: Any) -> Any:
    if isinstance(value, str) and value in OLDER_TYPES:
        warnings.warn(older_type_warning(value), DeprecationWarning, stacklevel=2)
        return OLDER_TYPES[value]
    return value


class Indexing(Block):
    """Which columns are looked up quickly."""

    primary_index: Text | None = Field(None, description="The column that identifies a record.")
    secondary_indexes: list[Text] = Field(
        default_factory=list, description="Further columns that records are looked up by."
    )
    auto_indexing: bool = Field(
        False, description="Whether indexes are added for the lookups that occur."
    )


class RetentionPolicy(Block):
    """How long records are kept, and what becomes of them."""

    retention_period: Duration = Field(
        description="How long records are kept, such as '7 years'. A month counts 31 days and a"
        " year 366."
    )
    archive_strategy: Literal["none", "cold_storage", "delete"] = Field(
        "none",
        description="What becomes of older records: they stay, move to cold storage, or go.",
    )
    cleanup_schedule: Rhythm = Field(
        "monthly",
        description="How often older records are looked for: a rhythm or a cron expression.",
    )


class StorageConfig(Block):
    """Where and how the data is stored."""

    storage_type: Literal["postgresql", "duckdb", "lake", "spark"] = Field(
        description="The engine that stores the data."
    )
    capacity: Size | None = Field(None, description="How much may be stored, such as '10TB'.")
    compression: Literal["none", "gzip", "zstd", "lz4", "snappy"] = Field(
        "none", description="How files are compressed."
    )
    partitioning: Partitioning | None = Field(None, description="How tables are divided.")
    indexing: Indexing | None = Field(None, description="Which columns are looked up quickly.")
    retention_policy: RetentionPolicy | None = Field(
        None, description="How long records are kept; default: for ever."
    )


class Encryption(Block):
    """What is encrypted, and with what."""

    algorithm: Literal["AES-128", "AES-256"] = Field("AES-256", description="The cipher.")
    key_management: Text | None = Field(None, description="Where keys are kept, such as 'AWS KMS'.")
    at_rest: bool = Field(False, description="Whether stored data is encrypted.")
    in_transit: bool = Field(False, description="Whether connections are encrypted.")


class AccessControl(Block):
    """Who may do what."""

    authentication: Literal["oauth2", "oidc", "saml", "ldap", "password", "certificate"] = Field(
        "password", description="How somebody proves who they are."
    )
    authorization: Literal["rbac", "abac", "acl"] = Field(
        "rbac", description="Whether rights come from roles, attributes or lists."
    )
    roles: list[Text] = Field(default_factory=list, description="The roles that exist.")
    permissions: list[Literal["read", "write", "delete", "admin"]] = Field(
        default_factory=list, description="The rights that roles can have."
    )


class AuditLogging(Block):
    """What is written down of who did what."""

    enabled: bool = Field(False, description="Whether it is written down.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least important event that is written."
    )
    retention_days: int = Field(365, ge=1, description="For how many days it is kept.")
    destinations: list[Text] = Field(
        default_factory=list, description="Where it is sent, such as cloudwatch or splunk."
    )


class DataMasking(Block):
    """Which values readers do not see in full."""

    enabled: bool = Field(False, description="Whether values are masked.")
    masking_rules: list[Text] = Field(
        default_factory=list, description="The groups of columns that are masked, such as pii."
    )
    sensitive_data: list[Text] = Field(
        default_factory=list, description="The columns that are masked, such as ssn."
    )


class SecurityConfig(Block):
    """How the data is protected."""

    encryption: Encryption | None = Field(None, description="What is encrypted, and with what.")
    access_control: AccessControl | None = Field(None, description="Who may do what.")
    audit_logging: AuditLogging | None = Field(
        None, description="What is written down of who did what."
    )
    data_masking: DataMasking | None = Field(
        None, description="Which values readers do not see in full."
    )


class QueryOptimization(Block):
    """How queries are planned."""

    query_planner: Literal["cost_based", "rule_based"] = Field(
        "cost_based", description="What the planner decides by."
    )
    statistics: bool = Field(True, description="Whether statistics of tables are kept up to date.")
    auto_optimization: bool = Field(
        False, description="Whether tables are reorganised for the queries that occur."
    )


class Caching(Block):
    """Which results are kept for the next who asks."""

    cache_type: Literal["memory", "redis"] = Field("memory", description="Where results are kept.")
    cache_size: Size | None = Field(None, description="How much is kept, such as '2GB'.")
    ttl: Duration | None = Field(None, description="For how long a result is kept, as '1 hour'.")
    eviction_policy: Literal["lru", "lfu", "fifo", "ttl"] = Field(
        "lru",
        description="What goes first when the cache is full: what was least recently used, least"
        " often used, first kept, or next to expire.",
    )


class Concurrency(Block):
    """How much happens at the same time."""

    max_connections: int = Field(100, ge=1, description="How many connections may be open.")
    max_queries: int | None = Field(None, ge=1, description="How many queries may run.")
    connection_pool: int | None = Field(
        None, ge=1, description="How many connections are kept open; at most max_connections."
    )

    @model_validator(mode="after")
    def _pool_fits(self, info: ValidationInfo) -> Concurrency:
        problems: list[FieldProblem] = []
        if self.connection_pool is not None and self.connection_pool > self.max_connections:
            problems.append(
                (
                    ("connection_pool",),
                    f"found {self.connection_pool}, expected at most max_connections,"
                    f" {self.max_connections}",
                )
            )
        self.refuse(problems, info)
        return self


class ResourceLimits(Block):
    """How much of the machine the warehouse may use."""

    cpu_limit: Cores | None = Field(None, description="Processor cores, such as '8 cores'.")
    memory_limit: Size | None = Field(None, description="Memory, such as '32GB'.")
    disk_limit: Size | None = Field(None, description="Disk, such as '1TB'.")
    network_limit: Rate | None = Field(None, description="Network, such as '1Gbps'.")


class PerformanceConfig(Block):
    """How fast it answers, and what it may use for that."""

    query_optimization: QueryOptimization | None = Field(
        None, description="How queries are planned."
    )
    caching: Caching | None = Field(None, description="Which results are kept.")
    concurrency: Concurrency | None = Field(None, description="How much happens at the same time.")
    resource_limits: ResourceLimits | None = Field(
        None, description="How much of the machine the warehouse may use."
    )


class BackupConfig(Block):
    """How the data is backed up."""

    backup_type: Literal["full", "incremental", "differential"] = Field(
        "full",
        description="Whether a backup holds everything, what is new since the last backup, or what"
        " is new since the last full one.",
    )
    schedule: Rhythm = Field(
        "daily", description="How often a backup is made: a rhythm or a cron expression."
    )
    retention: Duration | None = Field(
        None, description="How long a backup is kept, such as '30 days'; default: for ever."
    )
    compression: bool = Field(False, description="Whether backups are compressed.")
    encryption: bool = Field(False, description="Whether backups are encrypted.")


class MonitoringConfig(Block):
    """What is watched, and who hears of it."""

    metrics: list[Literal["cpu", "memory", "disk", "network", "connections", "queries"]] = Field(
        default_factory=list, description="What is measured."
    )
    alerts: list[Name] = Field(
        default_factory=list, description="What somebody is told of, such as high_cpu."
    )
    dashboard: Text | None = Field(None, description="The dashboard that shows it.")
    health_checks: list[Literal["connectivity", "performance", "security", "storage"]] = Field(
        default_factory=list, description="What is tried out regularly."
    )


class Warehouse(Block):
    """A warehouse: where data is stored, how it is protected, and what it may use."""

    name: Name = Field(description="What the warehouse is called; its slug names its file.")
    type: Annotated[WarehouseType, BeforeValidator(_todays_name)] = Field(
        description="oltp for transactions, olap for analysis, data_lake for files as they came,"
        " data_mart for one subject, hybrid for transactions and analysis."
    )
    description: str = Field("", description="What the warehouse is for.")
    storage_config: StorageConfig = Field(description="Where and how the data is stored.")
    security_config: SecurityConfig | None = Field(None, description="How the data is protected.")
    performance_config: PerformanceConfig | None = Field(
        None, description="How fast it answers, and what it may use for that."
    )
    backup_config: BackupConfig | None = Field(None, description="How the data is backed up.")
    monitoring_config: MonitoringConfig | None = Field(
        None, description="What is watched, and who hears of it."
    )

    @property
    def slug(self) -> str:
        """The name that the file has."""
        return naming.snake_case(self.name)
