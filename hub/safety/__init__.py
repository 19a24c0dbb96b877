"""Rules that need no licensed data: what a careful colleague would point at, computed from the plan alone.

Pure functions over ``PlanContent``. A finding is advice with its reason, never a stop; whoever sets one aside says why.
The tables are small, own, and name their public source; a medicine that is in no table is never judged by it.
"""
