"""What hospitals say of their patients: HL7 v2 ADT messages and notification bundles, read into one kind of event.

Pure: bytes in, events and answers out; nothing here opens a socket, reads a row or asks for the time. What is done with
an event stands in ``hub.hospitals``. ``hl7`` is imported where a message is parsed, and nowhere else.
"""
