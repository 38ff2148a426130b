"""Why a plan is not made, or is left in the middle. Neither is ever seen outside: graphql-core takes over."""


class NotPlannable(Exception):
    """The operation uses something that plans do not cover."""


class PlanBroken(Exception):
    """A value is not what the schema promises: graphql-core will say so in its own words."""
