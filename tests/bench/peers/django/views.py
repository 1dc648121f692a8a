"""The list, a search, and a save, with their URLs."""
from django.db.models import F, TextField, Value
from django.db.models.functions import Concat
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from tags.models import Supplier

FIELDS = ("id", "name", "address", "city", "state", "country", "email",
          "phone")
SAVED = (*FIELDS[1:], "notes")


def everything():
    """All that is searched, as one text."""
    parts = [part for field in SAVED for part in (F(field), Value(" "))]
    return Concat(*parts, output_field=TextField())


def suppliers(request):
    q = request.GET.get("q", "")
    found = Supplier.objects.order_by("name")
    words = q.split()[:8]
    if words:
        found = found.annotate(everything=everything())
    for word in words:
        found = found.filter(everything__icontains=word)
    return render(request, "list.html",
                  {"q": q, "suppliers": list(found.values(*FIELDS)[:50])})


def save(request):
    values = {field: request.POST.get(field, "").strip() for field in SAVED}
    if not values["name"]:
        return HttpResponse("A supplier has a name.", status=422)
    Supplier.objects.filter(id=request.POST["id"]).update(**values)
    answer = redirect("/admin/suppliers")
    answer.status_code = 303
    return answer


urlpatterns = [path("suppliers", suppliers),
               path("admin/supplier-update", save)]
