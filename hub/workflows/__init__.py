"""The workflows of a care plan: one module a noun, every act of a person a frozen dataclass with a pure rule.

A rule sees the committed plan, who acts and when, and answers with changes or with a refusal that says what is true
now. Nothing here reads a clock, mints an id, touches a live document or waits; what is asked of other packages is
``crdt`` (sections and changes) and ``auth`` (``decide``) only. Views for pages are pure functions over the same plan.
"""
