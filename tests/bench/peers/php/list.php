<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>All suppliers – Coffee suppliers</title>
<link rel="stylesheet" href="/static/bootstrap.min.css">
<link rel="stylesheet" href="/static/cafe.css">
<link rel="icon" href="data:,">
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="banner banner-dark">
<div class="container">
<p class="brand"><a href="/">Coffee suppliers</a></p>
<nav aria-label="Main">
<ul>
<li><a href="/">Customer home</a></li>
<li><a href="/suppliers" aria-current="page">Suppliers list</a></li>
<li><a href="/admin/">Administrator link</a></li>
</ul>
</nav>
</div>
</header>
<main id="main" class="container" tabindex="-1">
<div id="notices" data-live>
</div>
<h1 id="heading" data-live>All suppliers</h1>
<form class="search" role="search" action="/suppliers">
<div class="search-text">
<label class="form-label" for="q">Search suppliers</label>
<div class="search-line">
<input class="form-control" type="search" id="q" name="q" value="<?= htmlspecialchars($q) ?>" maxlength="100" autocomplete="off" spellcheck="false">
<button class="btn btn-primary" type="submit">Search</button>
</div>
</div>
</form>
<p class="notice" id="failed" role="alert" hidden>This list does not match what you typed, because the server did not answer. Press Search to try again.</p>
<p class="visually-hidden" id="said" role="status"></p>
<div id="results" data-live>

<table class="table cards">
<caption data-say>1–<?= count($suppliers) ?></caption>
<thead>
<tr>
<th scope="col" aria-sort="ascending"><a href="/suppliers?sort=-name">Name</a></th><th scope="col"><a href="/suppliers?sort=address">Address</a></th><th scope="col"><a href="/suppliers?sort=city">City</a></th><th scope="col"><a href="/suppliers?sort=state">State</a></th><th scope="col"><a href="/suppliers?sort=country">Country</a></th><th scope="col"><a href="/suppliers?sort=email">E-mail</a></th><th scope="col"><a href="/suppliers?sort=phone">Phone</a></th>
</tr>
</thead>
<tbody>
<?php foreach ($suppliers as $one): ?>
<tr>
<th scope="row" dir="auto"><a href="/suppliers/<?= $one['id'] ?>"><?= htmlspecialchars($one['name']) ?></a></th>
<td dir="auto" data-label="Address"><?= htmlspecialchars($one['address']) ?></td><td dir="auto" data-label="City"><?= htmlspecialchars($one['city']) ?></td><td dir="auto" data-label="State"><?= htmlspecialchars($one['state']) ?></td><td dir="auto" data-label="Country"><?= htmlspecialchars($one['country']) ?></td>
<td dir="auto" data-label="E-mail"><a href="mailto:<?= htmlspecialchars($one['email']) ?>"><?= htmlspecialchars($one['email']) ?></a></td>
<td dir="auto" data-label="Phone"><a href="tel:<?= digits($one['phone']) ?>"><?= htmlspecialchars($one['phone']) ?></a></td>
</tr>
<?php endforeach ?>
</tbody>
</table>
<p class="paging">
<a href="/suppliers.vcf">Contacts (vCard)</a>
<a href="/suppliers.vcf?version=3">Contacts for older phones (vCard)</a>
<a href="/suppliers.csv">Table (CSV)</a>
<a href="/suppliers.csv?for=excel">Table for Excel (CSV)</a>
<a href="/suppliers.json">Data (JSON)</a>
<a href="/api/v1/openapi.json">For programs (API)</a>
</p>
<p class="paging"><a href="/suppliers/print">Print all</a></p>
</div>
<label class="key" id="key" hidden><input type="checkbox"> The <kbd>/</kbd> key goes to the search box</label>
<script type="module" src="/static/search.js"></script>
</main>
</body>
</html>
