"""The table of suppliers, which Django reads and writes but has not made."""
from django.db import models


class Supplier(models.Model):
    """What the list shows, and what a save writes."""
    name = models.CharField(max_length=255)
    address = models.CharField(max_length=255)
    city = models.CharField(max_length=100)
    state = models.CharField(max_length=100)
    country = models.CharField(max_length=100)
    email = models.CharField(max_length=255)
    phone = models.CharField(max_length=100)
    notes = models.TextField()

    class Meta:
        managed = False
        db_table = "suppliers"
