"""Imported by the process that hubs of tests are forked from: what each of them would have to make first."""

from hub.directory.names import sort_key
from web.rendering import compiled

for _template in compiled().list_templates():
    compiled().get_template(_template)
sort_key("Ann")
