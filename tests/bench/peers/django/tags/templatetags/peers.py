"""The filter that makes a number to dial of a phone number."""
import re

from django import template

register = template.Library()
OTHER = re.compile(r"[^+0-9]")


@register.filter
def digits(phone):
    return OTHER.sub("", phone)
