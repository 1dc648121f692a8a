-- Each of wrk's connections rests between requests. Some hundreds of requests
-- a second remain, and the processors are free for what is deployed.
function delay()
    return 5 -- milliseconds
end
