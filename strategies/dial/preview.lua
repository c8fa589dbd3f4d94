-- Preview dialing: offers one lead to each free agent who has none yet. The agent looks at it
-- and accepts or skips it (OutPreviewAccept, OutPreviewSkip). Only an accepted lead is called,
-- and the agent who accepted it gets the call. The engine picks the agents, longest idle
-- first, and takes an offer back when the agent leaves or gets another call.
-- Callers who wait in the queue come first: one agent for each of them gets no offer.
-- If the destination leads to no queue, there is nobody to ask and no call begins.
-- Parameters: see params below. Source: the preview rule of other dialers.
-- The view: see dial/available.lua; queue.previewed counts the available agents who have an
-- offer. The result is {previews = n, timeout = s, again = s}.

local function dial(view)
    local queue, params = view.queue, view.params
    if not queue then
        return 0
    end
    local idle = queue.available - queue.previewed - queue.waiting - params.keep
    return { previews = math.max(0, idle), timeout = params.timeout, again = params.again }
end

local tests = {}

tests["one lead for each free agent who has no offer"] = function(run)
    local queue = { available = 5, previewed = 2, waiting = 0 }
    local out = run { queue = queue }
    assert(out.previews == 3 and out.timeout == 30 and out.again == 60)
    assert(out.calls == nil, "no call begins before an agent accepts")
end

tests["callers who wait and agents who are kept free come first"] = function(run)
    local queue = { available = 5, previewed = 0, waiting = 2 }
    assert(run { queue = queue }.previews == 3)
    assert(run { queue = queue, params = { keep = 2 } }.previews == 1)
    assert(run { queue = queue, params = { keep = 9 } }.previews == 0)
end

tests["without a queue: no offer and no call"] = function(run)
    assert(run { queue = json.null, room = 37 } == 0)
end

return {
    api = 1,
    about = "offers a lead to each free agent, who decides whether to call",
    params = {
        timeout = { default = 30, min = 1, max = 3600,
                    help = "seconds an agent has to decide" },
        again = { default = 60, min = 0, max = 86400,
                  help = "seconds until a lead that was not accepted is offered again" },
        keep = { default = 0, min = 0, integer = true,
                 help = "free agents who get no offer and stay free for other callers" },
    },
    dial = dial,
    tests = tests,
}
