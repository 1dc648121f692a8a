-- Each of wrk's connections rests between requests. More than a hundred
-- requests a second remain, and the processors are free for what is deployed.
function delay()
    return 50 -- milliseconds
end
