"""What is done with a hospital's messages: kept and answered, given to whom they are about, and followed in the plan.

``hub.adt`` says what a message means. Nothing is answered before it is kept; what was kept is applied by a job of the
same transaction.
"""
